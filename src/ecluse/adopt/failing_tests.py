"""Tests that fail: whose failure it is, and how a pipeline gets green with each left out by name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ecluse.adopt.baseline import SuiteResult
from ecluse.adopt.suite import Suite
from ecluse.adopt.table import Whose

__all__ = ["advice", "whose"]


def whose(engine: str, before: SuiteResult | None, tests: SuiteResult) -> Whose:
    """Whose failure it is that *tests* failed on PostgreSQL. *before* is their result on the project's default
    *engine*, if that could be run.
    """
    if not tests.failed:
        # A migration has a statement that only another database understands.
        foreign = re.search(r"django\.db\.utils\.(ProgrammingError|NotSupportedError|DataError)", tests.output)
        return "PostgreSQL's" if foreign and before is not None and before.ran else "ours"
    if before is None:  # its own default is such a server as well
        return "theirs" if "postg" in engine else "PostgreSQL's"
    return "theirs" if set(tests.failed) <= set(before.failed) else "PostgreSQL's"


def advice(suite: Suite, failed: Sequence[str]) -> list[str]:
    """The lines that say what to do about the tests that *failed*, in pipeline.py or in the project."""
    first = "./ecluse ship stops here until they pass. To leave them out until they are mended:"
    if suite.is_pytest:
        options = ", ".join(f'"--deselect={name}"' for name in failed[:3]) + (", …" if len(failed) > 3 else "")
        return [first, f'in pipeline.py, job tests, after "pytest": {options}']
    return [
        first,
        'mark each with @tag("known-failure"), from django.test,',
        'and in pipeline.py, job tests, after "test": "--exclude-tag=known-failure"',
    ]
