"""What one provider cannot do as the other, or as this machine, does: said aloud, never silent.

A pipeline that meets a difference must accept it by its id (``Providers(accept=…)``): then rendering prints a note that
names what is lost, else it is an error. ``docs/reference/providers.md`` has the same table, for people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ecluse.definition.conditions import patterns
from ecluse.definition.model import EventKind, Pipeline
from ecluse.providers.conditions import KINDS, filters
from ecluse.providers.selection import Selected
from ecluse.providers.services import given
from ecluse.providers.travis.services import INSTALLED

__all__ = ["DIFFERENCES", "Difference", "Loss", "losses"]

Jobs = Sequence[Selected]


@dataclass(frozen=True)
class Loss:
    """A difference that a pipeline meets: its *id*, and *what* is lost, where."""

    id: str
    what: str


@dataclass(frozen=True)
class Difference:
    """A kind of difference: *summary* for the table, *find* says what a pipeline loses by it, a line each."""

    summary: str
    find: Callable[[Pipeline, Jobs], Iterator[str]]


def losses(pipeline: Pipeline, jobs: Jobs) -> tuple[Loss, ...]:
    """Every difference that *pipeline* meets, in the order of the table."""
    return tuple(Loss(id, what) for id, kind in DIFFERENCES.items() for what in kind.find(pipeline, jobs))


def _stages(pipeline: Pipeline, jobs: Jobs) -> Iterator[str]:
    by_name = {selected.job.name: selected for selected in jobs}

    def needed(name: str) -> set[str]:
        return {name}.union(*(needed(need) for need in by_name[name].job.needs))

    for selected in jobs:
        earlier = [other for other in jobs if other.stage < selected.stage and other.kinds & selected.kinds]
        waits = [other.job.name for other in earlier if other.job.name not in needed(selected.job.name)]
        if waits:
            yield f"{selected.job.name} also waits for {', '.join(waits)}, and does not run if one of them fails"


def _service_versions(pipeline: Pipeline, jobs: Jobs) -> Iterator[str]:
    for service in pipeline.services:
        users = [selected.job.name for selected in jobs if service in given(selected.job, pipeline)]
        there = INSTALLED[service.kind].version
        if users and there != service.version:
            version = f"version {there}" if there else "whatever version its image has"
            yield f"{', '.join(users)}: {service.kind} is {service.version} in the pipeline, {version} on Travis"


def _concurrency(pipeline: Pipeline, jobs: Jobs) -> Iterator[str]:
    for environment in pipeline.environments:
        users = [selected.job.name for selected in jobs if selected.job.environment == environment.name]
        if users:
            lost = f"two builds may roll out to {environment.name} at once; the rollout's own lock lets one in"
            yield f"{', '.join(users)}: {lost}"


def _environments(pipeline: Pipeline, jobs: Jobs) -> Iterator[str]:
    for environment in pipeline.environments:
        users = [selected.job.name for selected in jobs if selected.job.environment == environment.name]
        if users:
            lost = f"nobody is asked before {environment.name}, and its secrets are the whole repository's"
            yield f"{', '.join(users)}: {lost}"


def _artifacts(pipeline: Pipeline, jobs: Jobs) -> Iterator[str]:
    users = [selected.job.name for selected in jobs if selected.job.outputs]
    if users:
        yield f"{', '.join(users)}: outputs and reports end with the job; its log has what failed"


def _letter_case(pipeline: Pipeline, jobs: Jobs) -> Iterator[str]:
    for kind in KINDS:
        names = {pattern for selected in jobs for pattern in patterns(selected.job.when, kind)}
        unfiltered = any(filters(selected.ever or True, kind) is None for selected in jobs)
        alike = len({name.lower() for name in names}) < len(names)
        # The workflow's own filters tell the cases apart; where they let both through, the jobs' conditions decide.
        if names and (unfiltered or alike):
            lost = "a name that differs by upper and lower case alone matches too"
            yield f"{_KIND_WORDS[kind]} {', '.join(sorted(names))}: {lost}"


_KIND_WORDS: Mapping[EventKind, str] = {"pull_request": "pull requests to", "push": "pushes to", "tag": "tags"}

DIFFERENCES: Mapping[str, Difference] = MappingProxyType(
    {
        "travis-stages": Difference("Travis's stages are barriers: it has no graph of jobs", _stages),
        "travis-service-version": Difference("Travis's services have one version each", _service_versions),
        "travis-concurrency": Difference("Travis does not keep two rollouts to one environment apart", _concurrency),
        "travis-environment": Difference(
            "Travis has no environments: no approval, no secrets of their own", _environments
        ),
        "travis-artifacts": Difference("Travis keeps no files of a job", _artifacts),
        "github-letter-case": Difference("GitHub compares names without regard to upper and lower case", _letter_case),
    }
)
