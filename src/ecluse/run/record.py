"""A run's records: run.json and JUnit for programs, report.html for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ecluse.machine import durable
from ecluse.run import junit
from ecluse.run.outcome import Outcome, Run
from ecluse.run.page import page
from ecluse.run.past import Flake, flaky, record_of, records, slower
from ecluse.run.pieces import tests_of

__all__ = ["as_data", "durations", "write"]

# Runs that are asked how long jobs take.
_REMEMBERED = 10


def write(run: Run) -> None:
    """Write the records into the run's folder, run.json last: its presence says that the run has ended."""
    durable.write(run.folder / "junit.xml", junit.as_xml(run))
    past = records(run.folder.parent)
    flakes = flaky(run, past)
    durable.write(run.folder / "report.html", page(run, flakes, slower(run, past, run.folder.parent)))
    durable.write(run.folder / "run.json", json.dumps(as_data(run, flakes), indent=1, ensure_ascii=False) + "\n")


def durations(runs: Path) -> dict[str, float]:
    """The seconds that each leg took in its last run, from the newest records in *runs*."""
    found: dict[str, float] = {}
    for path in sorted(runs.glob("*/run.json"))[-_REMEMBERED:]:
        record = record_of(path)
        with suppress(TypeError, KeyError):
            legs = record["legs"] if record else ()
            found |= {leg["name"]: leg["seconds"] for leg in legs if leg["status"] in ("passed", "failed")}
    return found


def as_data(run: Run, flakes: Sequence[Flake] = ()) -> dict[str, Any]:
    """The run as JSON knows it. Times are UTC, durations in seconds, paths relative to the run's folder."""
    return {
        "id": run.id,
        "pipeline": run.plan.pipeline.name,
        "event": {"kind": run.plan.event.kind, "branch": run.plan.event.branch, "tag": run.plan.event.tag},
        "title": run.plan.title,
        "began": run.began.isoformat(timespec="milliseconds"),
        "seconds": round(run.seconds, 3),
        "ok": run.ok,
        "interrupted": run.interrupted,
        "workers": run.workers,
        "flaky": [{"leg": flake.leg, "test": flake.test, "when": flake.when} for flake in flakes],
        "legs": [_leg(run, outcome) for outcome in run.outcomes.values()],
    }


def _leg(run: Run, outcome: Outcome) -> dict[str, Any]:
    leg = outcome.leg
    return {
        "name": leg.name,
        "job": leg.job.name,
        "description": leg.job.description,
        "matrix": dict(leg.values),
        "needs": list(leg.job.needs),
        "stage": leg.stage,
        "status": outcome.status,
        "reason": outcome.reason,
        "started": round(outcome.started, 3),
        "seconds": round(outcome.seconds, 3),
        "attempts": outcome.attempts,
        "changes": list(outcome.changes),
        "forgotten": outcome.forgotten,
        "unnamed_inputs": list(outcome.unnamed),
        "inputs": outcome.inputs or None,
        "failed_tests": [test.name for tests in tests_of(outcome) for test in tests.failures],
        "command": list(leg.command()),
        "log": str(outcome.log.relative_to(run.folder)) if outcome.log else None,
        "outputs": [
            {"path": str((outcome.output / output.path).relative_to(run.folder)), "kind": output.kind}
            for output in leg.job.outputs
            if outcome.output is not None and (outcome.output / output.path).exists()
        ],
        "steps": [
            {
                "name": step.name,
                "command": step.command,
                "attempt": step.attempt,
                "status": step.status,
                "started": round(step.started, 3),
                "seconds": round(step.seconds, 3),
                "detail": step.detail,
            }
            for step in outcome.steps
        ],
    }
