"""Planning: which legs an event runs, in which order, and why. Pure functions of a checked pipeline and an event."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from ecluse.definition import conditions
from ecluse.definition.model import Event, Job, Pipeline, Step
from ecluse.definition.placeholders import OUTPUT, fill

__all__ = ["Leg", "Plan", "legs", "plan", "stages"]


# Characters of a leg's values in the names of its files.
_LONG = 80


@dataclass(frozen=True, kw_only=True)
class Leg:
    """A job with one combination of its matrix values: the unit that runs.

    *stage* counts from 1; a leg of stage n needs only legs of stages before it. It is 0 for a leg that does not run.
    *reason* says why it runs, or why not.
    """

    job: Job
    values: Mapping[str, str] = field(default_factory=dict)
    stage: int = 0
    reason: str = ""

    @property
    def runs(self) -> bool:
        return self.stage > 0

    @property
    def name(self) -> str:
        """The leg's name for people and on every provider: ``tests (3.13, 5.2)``."""
        return f"{self.job.name} ({', '.join(self.values.values())})" if self.values else self.job.name

    @property
    def slug(self) -> str:
        """For files: ``tests.3.13-5.2``. No job's name has a dot: ``tests`` on ``unit`` is not ``tests-unit``."""
        values = "-".join(re.sub(r"[^\w.+-]", "_", value) for value in self.values.values())
        if len(values) > _LONG:  # a file's name has 255 bytes at most
            values = f"{values[:_LONG]}~{hashlib.sha256(repr(self.values).encode()).hexdigest()[:12]}"
        return f"{self.job.name}.{values}" if values else self.job.name

    def steps(self, output: str = f"{{{OUTPUT}}}") -> tuple[Step, ...]:
        """The job's steps with the leg's values filled in, and *output* as its output folder."""
        values = {**self.values, OUTPUT: output}
        return tuple(
            Step(
                tuple(fill(argument, values) for argument in step.run),
                fill(step.name, values),
                {name: fill(value, values) for name, value in step.env.items()},
            )
            for step in self.job.steps
        )

    def command(self) -> tuple[str, ...]:
        """The command that runs only this leg."""
        chosen = (part for axis, value in self.values.items() for part in ("--matrix", f"{axis}={value}"))
        return ("./ecluse", "run", self.job.name, *chosen)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every leg of the pipeline: first the legs that run, by stage, then the others, each in the order of definition.

    *named*: the jobs were named on the command line, so that the event decided nothing.
    """

    pipeline: Pipeline
    event: Event
    legs: tuple[Leg, ...]
    named: bool = False

    @property
    def title(self) -> str:
        """The plan's title: the event, or the jobs that were named."""
        if self.named:
            return ", ".join(dict.fromkeys(leg.job.name for leg in self.running))
        return conditions.describe_event(self.event)

    @property
    def running(self) -> tuple[Leg, ...]:
        return tuple(leg for leg in self.legs if leg.runs)


def legs(job: Job) -> Iterator[dict[str, str]]:
    """The combinations of *job*'s matrix values that are not excluded; one empty combination without a matrix."""
    for values in product(*job.matrix.values()):
        leg = dict(zip(job.matrix, values, strict=True))
        if not any(excluded.items() <= leg.items() for excluded in job.exclude):
            yield leg


def stages(jobs: Collection[Job]) -> dict[str, int]:
    """The stage of each of *jobs*, counted from 1: one more than the latest stage it needs. Needs outside of *jobs* do
    not count.
    """
    by_name = {job.name: job for job in jobs}
    found: dict[str, int] = {}

    def stage(name: str) -> int:
        if name not in found:
            found[name] = 1 + max((stage(need) for need in by_name[name].needs if need in by_name), default=0)
        return found[name]

    for name in by_name:
        stage(name)
    return found


def plan(
    pipeline: Pipeline,
    event: Event,
    *,
    jobs: Collection[str] = (),
    with_needs: bool = False,
    matrix: Mapping[str, Collection[str]] | None = None,
    missing_pythons: Collection[str] = (),
) -> Plan:
    """The plan for *event*. If *jobs* are named, exactly those run, whatever the event, as in a provider's job.

    *with_needs* adds the jobs that they need. *matrix* narrows axes to some values. *missing_pythons* are versions
    that are not installed here: legs whose axis ``python`` asks for one do not run.
    """
    reasons = _named(pipeline, jobs, with_needs) if jobs else {}
    chosen = {axis: tuple(values) for axis, values in (matrix or {}).items()}

    def refusal(job: Job, values: Mapping[str, str]) -> str | None:
        for axis, value in values.items():
            if axis in chosen and value not in chosen[axis]:
                return f"not asked for: --matrix {axis}={','.join(chosen[axis])}"
        if values.get("python") in missing_pythons:
            return f"python {values['python']} is not on this machine"
        return None

    running: list[Leg] = []
    idle: list[Leg] = []
    runs: set[str] = set()
    # In the order of needs, so that what a job needs is decided before it.
    order = stages(pipeline.jobs)
    for job in sorted(pipeline.jobs, key=lambda job: order[job.name]):
        reason, selected = _selection(job, event, reasons, bool(jobs), runs)
        for values in legs(job):
            why_not = refusal(job, values) if selected else None
            if selected and why_not is None:
                runs.add(job.name)
                running.append(Leg(job=job, values=values, reason=reason))
            else:
                idle.append(Leg(job=job, values=values, reason=why_not or reason))
    depth = stages([job for job in pipeline.jobs if job.name in runs])
    position = {job.name: index for index, job in enumerate(pipeline.jobs)}
    staged = [
        Leg(job=leg.job, values=leg.values, reason=leg.reason, stage=depth[leg.job.name])
        for leg in sorted(running, key=lambda leg: (depth[leg.job.name], position[leg.job.name]))
    ]
    idle.sort(key=lambda leg: position[leg.job.name])
    return Plan(pipeline=pipeline, event=event, legs=(*staged, *idle), named=bool(jobs))


def _named(pipeline: Pipeline, jobs: Collection[str], with_needs: bool) -> dict[str, str]:
    """The reason for each job that was named on the command line."""
    by_name = {job.name: job for job in pipeline.jobs}
    reasons = dict.fromkeys(jobs, "asked for")
    pending = list(jobs) if with_needs else []
    while pending:
        name = pending.pop(0)
        for need in by_name[name].needs:
            if need not in reasons:
                reasons[need] = f"needed by {name}"
                pending.append(need)
    return reasons


def _selection(
    job: Job, event: Event, named: Mapping[str, str], by_name: bool, runs: Collection[str]
) -> tuple[str, bool]:
    if by_name:
        return (named[job.name], True) if job.name in named else ("not asked for", False)
    if not conditions.holds(job.when, event):
        return f"only on {conditions.describe(job.when)}", False
    # As GitHub does: what needs a job that does not run does not run (https://github.com/actions/runner/issues/491).
    absent = [need for need in job.needs if need not in runs]
    if absent:
        return f"needs {', '.join(absent)}, which {'does' if len(absent) == 1 else 'do'} not run", False
    return conditions.describe_event(event) if job.when else "every event", True
