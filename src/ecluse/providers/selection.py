"""The jobs that a provider sees: those that one of its events may select. ``ship`` is none of its events."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from ecluse.definition.conditions import possible
from ecluse.definition.model import All, Condition, Environment, EventKind, Job, Pipeline
from ecluse.definition.plan import stages
from ecluse.providers.conditions import KINDS, filters, simplify

__all__ = [
    "Keeper",
    "Selected",
    "approved",
    "environment_of",
    "keeper",
    "keepers",
    "limited",
    "needs_history",
    "secrets",
    "select",
]


@dataclass(frozen=True, kw_only=True)
class Selected:
    """A *job* that a provider may run.

    *when* is its own condition, None for every event; *ever* that of the job and of all it needs, since a job does not
    run where what it needs does not. *kinds* are the events that may select it. *stage* counts from 1. *runs* are the
    names of the pipeline's jobs that it runs, where these are others than its own.
    """

    job: Job
    when: Condition | None
    ever: Condition | None
    kinds: frozenset[EventKind] = field(default_factory=frozenset)
    stage: int = 1
    runs: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The command that runs it, without the values of a matrix."""
        return f"./ecluse run {' '.join(self.runs or (self.job.name,))}"


def select(pipeline: Pipeline) -> tuple[Selected, ...]:
    """The jobs of *pipeline* that providers run, in the order of definition."""
    jobs = {job.name: job for job in pipeline.jobs}
    order = stages(pipeline.jobs)
    found: dict[str, Selected] = {}
    for job in sorted(pipeline.jobs, key=lambda job: order[job.name]):
        if any(need not in found for need in job.needs):
            continue
        when = simplify(job.when)
        ever = simplify(All(tuple(part for part in (job.when, *(found[need].ever for need in job.needs)) if part)))
        if isinstance(ever, bool):
            kinds = frozenset(KINDS) if ever else frozenset[EventKind]()
        else:
            kinds = frozenset(kind for kind in KINDS if possible(ever, kind))
        if kinds:
            found[job.name] = Selected(
                job=job,
                when=None if isinstance(when, bool) else when,
                ever=None if isinstance(ever, bool) else ever,
                kinds=kinds,
                stage=order[job.name],
            )
    return tuple(found[name] for name in jobs if name in found)


def limited(jobs: Sequence[Selected], kinds: Collection[EventKind]) -> tuple[Selected, ...]:
    """The jobs of *jobs* that an event of *kinds* may select, with the conditions that tell such events apart."""
    found: list[Selected] = []
    for selected in jobs:
        when, ever = simplify(selected.when, kinds), simplify(selected.ever, kinds)
        left = selected.kinds.intersection(kinds)
        if left and ever is not False:
            found.append(
                replace(
                    selected,
                    when=None if isinstance(when, bool) else when,
                    ever=None if isinstance(ever, bool) else ever,
                    kinds=left,
                )
            )
    return tuple(found)


def environment_of(job: Job, pipeline: Pipeline) -> Environment | None:
    """The environment that *job* rolls out to."""
    return next((one for one in pipeline.environments if one.name == job.environment), None)


def keeper(job: Job) -> str | None:
    """The provider's environment that keeps the secrets of *job*, or its identity; None where it has neither.

    A job that rolls out nowhere has one of its own name, so that a secret reaches this job and the branches and tags
    that the environment allows, not whoever may write a workflow.
    """
    return job.environment or job.identity or (job.name if job.secrets else None)


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """A provider's environment: the names of the *secrets* that it keeps, and of the *branches* and *tags* (patterns)
    whose jobs get them. *approval*: a person is asked first.
    """

    name: str
    secrets: tuple[str, ...]
    branches: tuple[str, ...]
    tags: tuple[str, ...]
    approval: bool = False


def keepers(pipeline: Pipeline, jobs: Sequence[Selected]) -> tuple[Keeper, ...]:
    """The environments that *jobs* need at the provider, in the order of their first job."""
    found: dict[str, list[Selected]] = {}
    for selected in jobs:
        if (name := keeper(selected.job)) is not None:
            found.setdefault(name, []).append(selected)
    asked = approved(pipeline, jobs)
    return tuple(
        Keeper(
            name=name,
            secrets=tuple(dict.fromkeys(secret for one in users for secret in secrets(one.job, pipeline))),
            branches=_patterns(users, "push"),
            tags=_patterns(users, "tag"),
            approval=name in asked,
        )
        for name, users in found.items()
    )


def _patterns(jobs: Sequence[Selected], kind: EventKind) -> tuple[str, ...]:
    """The patterns of the events of *kind* that select one of *jobs*."""
    found = [filters(selected.ever or True, kind) for selected in jobs if kind in selected.kinds]
    return ("*",) if None in found else tuple(sorted({name for names in found for name in names or ()}))


def needs_history(job: Job) -> bool:
    """Whether *job* needs more than the one commit: a rollout asks whether it is newer than the one that serves."""
    return job.history or job.environment is not None


def secrets(job: Job, pipeline: Pipeline) -> tuple[str, ...]:
    """The names of the secrets that *job* uses: its own, and those of its environment."""
    environment = environment_of(job, pipeline)
    return tuple(dict.fromkeys((*job.secrets, *(environment.secrets if environment else ()))))


def approved(pipeline: Pipeline, jobs: Sequence[Selected]) -> dict[str, list[str]]:
    """The environments before which a person is asked, and of each the names of the jobs that roll out to it."""
    found: dict[str, list[str]] = {}
    for selected in jobs:
        environment = environment_of(selected.job, pipeline)
        if environment is not None and environment.approval:
            found.setdefault(environment.name, []).append(selected.job.name)
    return found
