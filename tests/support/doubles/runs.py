"""Runs that ended, to be shown: without running anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ecluse.definition.model import Event, Pipeline
from ecluse.definition.plan import plan
from ecluse.run.console import Console
from ecluse.run.outcome import Outcome, Run, Status, StepOutcome

__all__ = ["ended", "shown"]

_PULL_REQUEST = Event(kind="pull_request", branch="staging")


def ended(
    pipeline: Pipeline,
    folder: Path,
    statuses: dict[str, Status],
    *,
    logs: dict[str, str] | None = None,
    outputs: dict[str, dict[str, str]] | None = None,
    reasons: dict[str, str] | None = None,
) -> Run:
    """A run of *pipeline* below *folder* whose legs ended as *statuses* says, by name; the rest passed."""
    planned = plan(pipeline, _PULL_REQUEST)
    found: dict[str, Outcome] = {}
    (folder / "logs").mkdir(parents=True)
    for leg in planned.legs:
        status: Status = statuses.get(leg.name, "passed") if leg.runs else "skipped"
        reason = (reasons or {}).get(leg.name, "" if leg.runs else leg.reason)
        if status == "skipped":
            found[leg.name] = Outcome(leg=leg, status=status, reason=reason)
            continue
        log, output = folder / "logs" / f"{leg.slug}.log", folder / "outputs" / leg.slug
        log.write_text((logs or {}).get(leg.name, "$ true\n"), encoding="utf-8")
        for name, text in (outputs or {}).get(leg.name, {}).items():
            (output / name).parent.mkdir(parents=True, exist_ok=True)
            (output / name).write_text(text, encoding="utf-8")
        step = StepOutcome(
            name="true", command="true", attempt=1, status=status, started=0.5, seconds=1.5, detail=reason
        )
        found[leg.name] = Outcome(
            leg=leg,
            status=status,
            reason=reason,
            started=0.5,
            seconds=1.5,
            attempts=0 if status == "cached" else 1,
            steps=() if status == "cached" else (step,),
            log=log,
            output=output,
        )
    return Run(
        id="20261121-041500-abcd",
        folder=folder,
        plan=planned,
        began=datetime(2026, 11, 21, 4, 15, tzinfo=UTC),
        seconds=4.0,
        outcomes=found,
    )


def shown(console: Console, run: Run) -> None:
    """Let *console* hear all of *run*, one leg after the other."""
    console.begin(run.plan)
    for outcome in run.outcomes.values():
        if outcome.leg.runs:
            console.started(outcome.leg)
            if outcome.log:
                console.output(outcome.leg, outcome.log.read_text())
            console.ended(outcome)
    console.finish(run)
