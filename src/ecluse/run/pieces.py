"""Small pieces that the pages about runs share: words for statuses, badges, the tests of a leg."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ecluse.run import junit
from ecluse.run.outcome import Outcome, Status

__all__ = ["STATUS_WORDS", "badge", "tests_of"]

STATUS_WORDS: Mapping[Status, str] = MappingProxyType(
    {"passed": "passed", "cached": "unchanged", "failed": "failed", "cancelled": "stopped", "skipped": "not run"}
)


def badge(status: Status) -> str:
    """The status as a coloured word."""
    return f'<span class="badge {status}">{STATUS_WORDS[status]}</span>'


def tests_of(outcome: Outcome) -> Iterator[junit.JUnitReport]:
    """The test results that the leg left, in the order of its outputs."""
    return filter(None, map(junit.read, outcome.left("junit")))
