"""The outcome of a run and of its legs: data for the console and the reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from ecluse.definition.plan import Leg, Plan

__all__ = ["Outcome", "Run", "Status", "StepOutcome"]

Status: TypeAlias = Literal["passed", "cached", "failed", "cancelled", "skipped"]


@dataclass(frozen=True, kw_only=True)
class StepOutcome:
    """The outcome of one step in one attempt. *started* is in seconds from the beginning of the run, *seconds* its
    duration.
    """

    name: str
    command: str
    attempt: int
    status: Status
    started: float
    seconds: float
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of a leg. *reason*: what failed, which need failed, or since when nothing has changed.

    *forgotten* says why a success is not remembered, *unnamed* has the files that the leg read and that no input names.

    *inputs* names all that decides the leg's outcome (empty: not known), *flaky* has the tests that failed in an
    earlier attempt of a leg that passed.

    *log* and *output* (the folder of the leg's outputs) are None for a leg that never ran.
    """

    leg: Leg
    status: Status
    reason: str = ""
    started: float = 0.0
    seconds: float = 0.0
    attempts: int = 0
    steps: tuple[StepOutcome, ...] = ()
    log: Path | None = None
    output: Path | None = None
    changes: tuple[str, ...] = ()
    forgotten: str = ""
    unnamed: tuple[str, ...] = ()
    inputs: str = ""
    flaky: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.status in ("passed", "cached")

    def left(self, kind: str) -> list[Path]:
        """The places of the outputs of *kind* that the job promises; whether a file is there is not known."""
        if self.output is None:
            return []
        return [self.output / output.path for output in self.leg.job.outputs if output.kind == kind]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that has ended, one way or another. *outcomes* are in the order of the plan, by leg name."""

    id: str
    folder: Path
    plan: Plan
    began: datetime
    seconds: float
    outcomes: Mapping[str, Outcome]
    interrupted: bool = False
    workers: int = 1

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes.values() if outcome.status == "failed")

    @property
    def ok(self) -> bool:
        """Whether every leg that the plan runs has passed, now or before with the same inputs."""
        return not self.interrupted and all(self.outcomes[leg.name].ok for leg in self.plan.running)

    def count(self) -> Mapping[Status, int]:
        return Counter(outcome.status for outcome in self.outcomes.values())
