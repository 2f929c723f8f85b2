"""The console of a run: grouped lines in a log, or (live.py) a table on a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Protocol

from ecluse.definition.plan import Leg, Plan
from ecluse.machine import process
from ecluse.providers import Provider
from ecluse.providers.log import Fold
from ecluse.run.ansi import as_terminal, as_text
from ecluse.run.outcome import Outcome, Run, Status
from ecluse.run.scheduler import Listener

__all__ = ["SYMBOLS", "TAIL", "Console", "NOTHING", "PlainConsole", "alone", "line", "log_of", "notes", "summary"]

# Of a failed leg's output, on a terminal. A provider's log folds, so it holds everything.
TAIL = 150

NOTHING: Mapping[str, float] = MappingProxyType({})

SYMBOLS: dict[Status, str] = {"passed": "✓", "cached": "=", "failed": "✗", "cancelled": "!", "skipped": "–"}


class Console(Listener, Protocol):
    """Shows a run."""

    def begin(self, plan: Plan, expected: Mapping[str, float] = NOTHING, workers: int = 1) -> None:
        """The run begins. *expected* are the seconds that legs took last time; *workers* run at once."""

    def finish(self, run: Run) -> None:
        """The run has ended and its reports are written."""

    def abandon(self) -> None:
        """The run ends with an unexpected error: leave the terminal as it was."""


class PlainConsole:
    """Lines, for a log or a pipe: each leg's output whole when it ends, the failed ones last.

    Where only one leg runs, its output is shown as it comes instead.
    """

    def __init__(self, say: Callable[[str], None], provider: Provider | None, *, colours: bool = True) -> None:
        self._say = say
        self._colours = colours
        self._provider = provider
        self._lock = threading.Lock()
        self._stream = False
        self._width = 0
        self._fold: Fold | None = None
        self._last = time.monotonic()
        self._at_line_start = True

    def begin(self, plan: Plan, expected: Mapping[str, float] = NOTHING, workers: int = 1) -> None:
        self._stream = len(plan.running) == 1
        self._width = max(len(leg.name) for leg in plan.running)
        self._write(f"{plan.title}\n")

    def started(self, leg: Leg) -> None:
        if not self._stream:
            self._write(f"… {leg.name} started\n")

    def output(self, leg: Leg, text: str) -> None:
        if self._stream:
            with self._lock:
                if self._fold is None:
                    self._fold = _fold(self._provider, leg.name)
                    self._say(self._fold.start())
                self._say(text)
                self._last = time.monotonic()
                self._at_line_start = text.endswith("\n")

    def ended(self, outcome: Outcome) -> None:
        if self._fold is not None:
            self._write(("" if self._at_line_start else "\n") + self._fold.end())
            self._fold = None
        elif outcome.status == "passed" and not self._stream:
            self._write(_folded(outcome, self._provider, self._colours))
        self._write(line(outcome, self._width) + "\n" + notes(outcome))

    def still_running(self, legs: Collection[Leg]) -> None:
        self._write("… still running: " + ", ".join(leg.name for leg in legs) + "\n")

    def finish(self, run: Run) -> None:
        if not self._stream:
            for outcome in run.failed:
                self._write("\n" + _folded(outcome, self._provider, self._colours))
        for outcome in run.failed:
            self._write(f"\n{alone(outcome)}\n")
        self._write(f"\n{summary(run)}\n")

    def abandon(self) -> None:
        if self._fold is not None:
            self._write(self._fold.end())

    def _write(self, text: str) -> None:
        with self._lock:
            self._say(text)


def line(outcome: Outcome, width: int = 0) -> str:
    """The result of a leg in one line: symbol, name, seconds, reason."""
    seconds = f"{outcome.seconds:6.1f} s" if outcome.attempts else " " * 8
    return f"{SYMBOLS[outcome.status]} {outcome.leg.name:<{width}}  {seconds}  {outcome.reason}".rstrip()


def notes(outcome: Outcome) -> str:
    """Why a success is not remembered, and what to add to the job's inputs; nothing where all is well."""
    if not outcome.forgotten:
        return ""
    lines = [f"  runs again next time: {outcome.forgotten}"]
    if outcome.unnamed:
        lines += [f"  add to the inputs of the job {outcome.leg.job.name!r} in pipeline.py:"]
        lines += [f'    "{pattern}",' for pattern in outcome.unnamed]
    return "\n".join(lines) + "\n"


def log_of(outcome: Outcome, lines: int | None = None, *, colours: bool = True) -> str:
    """The output of a leg, ending with a newline: its last *lines*, and where the rest is.

    No sequence is left in it that does more than give *colours*.
    """
    if outcome.log is None:
        return ""
    shown = as_terminal if colours else as_text
    text = shown(outcome.log.read_text(encoding="utf-8", errors="replace").rstrip("\n")) + "\n"
    parts = text.splitlines(keepends=True)
    if lines is None or len(parts) <= lines:
        return text
    return f"… {len(parts) - lines} lines before these: {outcome.log}\n" + "".join(parts[-lines:])


class _Heading:
    """A title above the output, where no provider folds the log."""

    def __init__(self, title: str) -> None:
        self._title = title

    def start(self) -> str:
        return f"── {self._title}\n"

    def end(self) -> str:
        return ""


def _fold(provider: Provider | None, title: str) -> Fold:
    return provider.fold(title) if provider else _Heading(title)


def _folded(outcome: Outcome, provider: Provider | None, colours: bool) -> str:
    fold = _fold(provider, outcome.leg.name)
    return fold.start() + log_of(outcome, None if provider else TAIL, colours=colours) + fold.end()


def alone(outcome: Outcome) -> str:
    """A failed leg with the command that runs it alone."""
    return f"{SYMBOLS['failed']} {outcome.leg.name}: {outcome.reason}\n  alone: {process.quote(outcome.leg.command())}"


def summary(run: Run) -> str:
    """The run in a line: how many legs ended how, seconds, where the report is."""
    names: tuple[tuple[Status, str], ...] = (
        ("passed", "passed"),
        ("cached", "unchanged"),
        ("failed", "failed"),
        ("cancelled", "stopped"),
        ("skipped", "not run"),
    )
    counted = run.count()
    counts = ", ".join(f"{counted[status]} {word}" for status, word in names if counted.get(status))
    end = "interrupted; " if run.interrupted else ""
    return f"{end}{counts} in {run.seconds:.1f} s · report: .ecluse/runs/{run.id}/report.html"
