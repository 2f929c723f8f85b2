"""What all integration tests share: they use what they find, and say what is missing."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything must be there (ECLUSE_NO_SKIP), a skipped test is a failed one: a hole in the proof is seen."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("ECLUSE_NO_SKIP"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{reason}\n(ECLUSE_NO_SKIP is set: nothing may be missing here)"
    return report
