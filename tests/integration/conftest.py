"""The common part of all integration tests: they use the tools they find, and say which are missing."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from typing import Any

import pytest

from testbed.load.visitors import Load

# A shell's background job ignores SIGINT, and so would every program that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exhaustive", action="store_true", help="Run every scenario, not one of each class.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what only --exhaustive runs. Not as skipped: nothing is missing."""
    if not config.getoption("--exhaustive"):
        left_out = [item for item in items if item.get_closest_marker("exhaustive")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With ECLUSE_NO_SKIP, let a skipped test fail: a gap in the proof must be seen."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("ECLUSE_NO_SKIP"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{reason}\n(ECLUSE_NO_SKIP is set: nothing may be missing here)"
    if call.when == "call" and Load.ended:
        # In the JUnit report, for benchmarks/proof.py.
        item.user_properties.append(("requests", sum(len(load.seen) for load in Load.ended)))
        item.user_properties.append(("lost", sum(len(load.lost) for load in Load.ended)))
        Load.ended.clear()
    return report
