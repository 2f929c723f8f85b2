"""A run on a terminal: a table that changes while legs run, then what failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

from rich.console import Console as Terminal
from rich.console import Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ecluse.definition.plan import Leg, Plan
from ecluse.run.ansi import as_text
from ecluse.run.console import SYMBOLS, TAIL, alone, log_of, notes, summary
from ecluse.run.outcome import Outcome, Run, Status

__all__ = ["LiveConsole"]

_STYLES: dict[Status, str] = {
    "passed": "green",
    "cached": "blue",
    "failed": "bold red",
    "cancelled": "yellow",
    "skipped": "dim",
}


class LiveConsole:
    """A row for each leg that runs: a spinner and the last line it printed, then how it ended.

    Where only one leg runs, its output is shown as it comes instead.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._lock = threading.Lock()
        self._plan: Plan | None = None
        self._live: Live | None = None
        self._spinner = Spinner("dots", style="cyan")
        self._began: dict[str, float] = {}
        self._last: dict[str, str] = {}
        self._outcomes: dict[str, Outcome] = {}

    def begin(self, plan: Plan) -> None:
        self._plan = plan
        self._terminal.print(Text(plan.title, style="bold"))
        if len(plan.running) > 1:
            self._live = Live(
                get_renderable=self._table,
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
        with self._lock:
            self._outcomes[outcome.leg.name] = outcome

    def still_running(self, legs: Collection[Leg]) -> None:
        pass  # the spinner says so

    def finish(self, run: Run) -> None:
        self.abandon()
        if len(run.plan.running) > 1:
            self._terminal.print(self._table())
            for outcome in run.failed:
                self._terminal.rule(Text(f"{SYMBOLS['failed']} {outcome.leg.name}", style="bold red"), align="left")
                self._terminal.out(log_of(outcome, TAIL), end="", highlight=False)
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

    def _table(self) -> RenderableType:
        assert self._plan is not None
        table = Table.grid(padding=(0, 2))
        table.add_column(width=1)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", style="dim")
        with self._lock:
            for leg in self._plan.running:
                table.add_row(*self._row(leg))
        return Group(table)

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
