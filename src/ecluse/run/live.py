"""A run on a terminal: a table that changes while legs run, then what failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from rich.console import Console as Terminal
from rich.console import Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ecluse.definition.plan import Leg, Plan
from ecluse.run.ansi import as_text
from ecluse.run.console import NOTHING, SYMBOLS, TAIL, alone, log_of, notes, summary
from ecluse.run.estimate import in_words, remaining
from ecluse.run.outcome import Outcome, Run, Status

__all__ = ["LiveConsole"]

_STYLES: dict[Status, str] = {
    "passed": "green",
    "cached": "blue",
    "failed": "bold red",
    "cancelled": "yellow",
    "skipped": "dim",
}


# The end of a string (a title, a hyperlink), the terminal's own colours, a cursor that is seen.
_SETTLED = "\x1b\\\x1b[0m\x1b[?25h"


class LiveConsole:
    """A row for each leg that runs: a spinner and the last line it printed, then how it ended.

    Where only one leg runs, its output is shown as it comes instead.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._lock = threading.Lock()
        self._plan: Plan | None = None
        self._expected: Mapping[str, float] = NOTHING
        self._workers = 1
        self._live: Live | None = None
        self._spinner = Spinner("dots", style="cyan")
        self._began: dict[str, float] = {}
        self._last: dict[str, str] = {}
        self._outcomes: dict[str, Outcome] = {}

    def begin(self, plan: Plan, expected: Mapping[str, float] = NOTHING, workers: int = 1) -> None:
        self._plan, self._expected, self._workers = plan, expected, workers
        self._terminal.print(Text(plan.title, style="bold"))
        if len(plan.running) > 1:
            self._live = Live(
                get_renderable=self._view,
                console=self._terminal,
                refresh_per_second=10,
                transient=True,
                redirect_stdout=False,
            )
            self._live.start()

    def started(self, leg: Leg) -> None:
        with self._lock:
            self._began[leg.name] = time.monotonic()

    def output(self, leg: Leg, text: str) -> None:
        if self._live is None:
            self._terminal.out(text, end="", highlight=False)
            return
        lines = as_text(text).strip().splitlines()
        if lines:
            with self._lock:
                self._last[leg.name] = lines[-1]

    def ended(self, outcome: Outcome) -> None:
        if self._live is None:
            # A leg's own title or colour, begun and never ended, would take what we print for a part of it.
            self._terminal.out(_SETTLED, end="", highlight=False)
        with self._lock:
            self._outcomes[outcome.leg.name] = outcome

    def still_running(self, legs: Collection[Leg]) -> None:
        pass  # the spinner says so

    def finish(self, run: Run) -> None:
        self.abandon()
        if len(run.plan.running) > 1:
            self._terminal.print(self._table(run.plan.running))
            for outcome in run.failed:
                self._terminal.rule(Text(f"{SYMBOLS['failed']} {outcome.leg.name}", style="bold red"), align="left")
                self._terminal.out(log_of(outcome, TAIL, colours=not self._terminal.no_color), end="", highlight=False)
        for outcome in run.outcomes.values():
            if forgotten := notes(outcome):
                self._terminal.print(Text(f"{outcome.leg.name}\n{forgotten}", style="yellow"), soft_wrap=True, end="")
        for outcome in run.failed:
            self._terminal.print(Text(alone(outcome)), soft_wrap=True)
        style = "yellow" if run.interrupted else "green" if run.ok else "red"
        self._terminal.print(Text(summary(run), style=style), soft_wrap=True)

    def abandon(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _view(self) -> RenderableType:
        """The table while legs run, no higher than the terminal, and how long the rest will take."""
        assert self._plan is not None
        legs = self._plan.running
        rows = max(self._terminal.height - 3, 1)  # the title, the line below the table, and the cursor's
        shown = _in_sight(legs, rows, self._importance)
        return Group(self._table(shown), Text(self._below(len(legs) - len(shown)), style="dim"))

    def _below(self, hidden: int) -> str:
        assert self._plan is not None
        with self._lock:
            now = time.monotonic()
            elapsed = {name: now - began for name, began in self._began.items()}
            seconds = remaining(self._plan, self._expected, elapsed, self._outcomes, self._workers)
            done = len(self._outcomes.keys() & {leg.name for leg in self._plan.running})
        parts = [f"{done} of {len(self._plan.running)} ended"]
        parts += [f"{hidden} not shown"] if hidden else []
        parts += [f"about {in_words(seconds)} left"] if seconds else []
        return " · ".join(parts)

    def _importance(self, leg: Leg) -> int:
        """The place of *leg* where there are more legs than rows: failed ones first, then running, waiting, passed."""
        outcome = self._outcomes.get(leg.name)
        if outcome is not None:
            return 3 if outcome.ok else 0
        return 1 if leg.name in self._began else 2

    def _table(self, legs: Sequence[Leg]) -> Table:
        """A row for each of *legs*. The last column alone gives way: the others keep their width."""
        table = Table.grid(padding=(0, 2), expand=True)
        table.add_column(width=1)
        longest = max(len(leg.name) for leg in legs)
        # The symbol, the seconds and the gaps need 16.
        table.add_column(no_wrap=True, overflow="ellipsis", width=max(min(longest, self._terminal.width - 16), 1))
        table.add_column(justify="right", no_wrap=True, min_width=6)
        table.add_column(no_wrap=True, overflow="ellipsis", style="dim", ratio=1)
        with self._lock:
            for leg in legs:
                table.add_row(*self._row(leg))
        return table

    def _row(self, leg: Leg) -> tuple[RenderableType, RenderableType, RenderableType, RenderableType]:
        outcome = self._outcomes.get(leg.name)
        if outcome is not None:
            style = _STYLES[outcome.status]
            seconds = f"{outcome.seconds:.1f} s" if outcome.attempts else ""
            return Text(SYMBOLS[outcome.status], style=style), Text(leg.name), Text(seconds), Text(outcome.reason)
        began = self._began.get(leg.name)
        if began is None:
            return Text("·", style="dim"), Text(leg.name, style="dim"), Text(""), Text("")
        seconds = f"{time.monotonic() - began:.0f} s"
        return self._spinner, Text(leg.name), Text(seconds), Text(self._last.get(leg.name, ""))


def _in_sight(legs: Sequence[Leg], rows: int, importance: Callable[[Leg], int]) -> list[Leg]:
    """The *rows* most important of *legs*, in their own order."""
    chosen = sorted(range(len(legs)), key=lambda at: importance(legs[at]))[:rows]
    return [legs[at] for at in sorted(chosen)]
