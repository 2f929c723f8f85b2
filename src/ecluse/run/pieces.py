"""Small pieces that the pages about runs share: words for statuses, durations, badges, tiles, the tests of a leg."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ecluse.run import junit
from ecluse.run.outcome import Outcome, Status

__all__ = ["STATUS_WORDS", "badge", "duration", "source", "tests_of", "tile"]

STATUS_WORDS: Mapping[Status, str] = MappingProxyType(
    {"passed": "passed", "cached": "unchanged", "failed": "failed", "cancelled": "stopped", "skipped": "not run"}
)


def badge(status: Status) -> str:
    """The status as a coloured word."""
    return f'<span class="badge {status}">{STATUS_WORDS[status]}</span>'


def tile(status: str, figure: str, word: str) -> str:
    """A figure with the word below it, in the colour of *status*."""
    return f'<li class="tile {status}"><b>{figure}</b> <span>{word}</span></li>'


def source(text: str) -> str:
    """The style or script *text* as a source of a Content-Security-Policy: the hash of it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def duration(seconds: float) -> str:
    """*seconds* as people write them: ``0.4 s``, ``12 s``, ``2 min 5 s``."""
    if seconds == 0:
        return "0 s"
    if seconds >= 60:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{seconds:.1f} s" if seconds % 1 or seconds < 10 else f"{seconds:.0f} s"


def tests_of(outcome: Outcome) -> Iterator[junit.JUnitReport]:
    """The test results that the leg left, in the order of its outputs."""
    return filter(None, map(junit.read, outcome.left("junit")))
