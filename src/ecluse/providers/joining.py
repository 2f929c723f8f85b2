"""Jobs that a provider runs on one machine: a short job alone costs a machine's start, its setup and a whole minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ecluse.definition.model import Job
from ecluse.errors import RenderError
from ecluse.providers.selection import Selected

__all__ = ["joined"]


# With one of these a job has a machine of its own.
_ALONE = ("matrix", "services", "secrets", "environment", "identity")


def joined(jobs: Sequence[Selected]) -> tuple[Selected, ...]:
    """*jobs*, with one job in the place of all that name the same in ``together``.

    Raises RenderError where they do not run for the same events, or ask for a machine of their own.
    """
    groups: dict[str, list[Selected]] = {}
    for selected in jobs:
        if selected.job.together:
            groups.setdefault(selected.job.together, []).append(selected)
    for name, members in groups.items():
        _check(name, members, jobs)
    place = {one.job.name: one.job.together or one.job.name for one in jobs}
    made: dict[str, Selected] = {}
    for selected in jobs:
        name = place[selected.job.name]
        if name not in made:
            made[name] = _one(name, groups[name]) if name in groups else selected
    return tuple(replace(one, job=_needing(one.job, place)) for one in made.values())


def _one(name: str, members: Sequence[Selected]) -> Selected:
    first, jobs = members[0], [selected.job for selected in members]
    job = replace(
        first.job,
        name=name,
        description=", ".join(job.name for job in jobs),
        steps=tuple(step for job in jobs for step in job.steps),
        outputs=tuple(output for job in jobs for output in job.outputs),
        history=any(job.history for job in jobs),
        browser=any(job.browser for job in jobs),
        engine=any(job.engine for job in jobs),
        # They share a machine's cores: as long as one after the other, at worst.
        timeout=sum(job.timeout * (job.retries + 1) for job in jobs),
        retries=0,
    )
    return replace(first, job=job, runs=tuple(job.name for job in jobs))


def _needing(job: Job, place: Mapping[str, str]) -> Job:
    """*job*, which needs the job that runs what it needs."""
    return replace(job, needs=tuple(dict.fromkeys(place[need] for need in job.needs)))


def _check(name: str, members: Sequence[Selected], jobs: Sequence[Selected]) -> None:
    first = members[0]
    if any(selected.job.name == name for selected in jobs):
        raise RenderError(f"there is a job {name!r} already", where=_where(first), hint="name the joined one otherwise")
    for selected in members:
        job = selected.job
        if field := next((field for field in _ALONE if getattr(job, field)), None):
            raise RenderError(
                f"a job with {field} is not joined with others", where=_where(selected), hint="leave together out"
            )
        if (selected.when, selected.ever, job.needs) != (first.when, first.ever, first.job.needs):
            raise RenderError(
                f"runs for other events, or after other jobs, than {first.job.name!r}, with which it is joined",
                where=_where(selected),
                hint="give both the same when= and needs=",
            )


def _where(selected: Selected) -> str:
    return f"pipeline.py, job {selected.job.name!r}, field 'together'"
