"""The differences between Travis and GitHub or this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from ecluse.definition.model import Pipeline
from ecluse.providers.differences import Difference, queued
from ecluse.providers.selection import Selected
from ecluse.providers.services import given
from ecluse.providers.travis.jobs import left_in, left_out
from ecluse.providers.travis.services import INSTALLED

__all__ = ["DIFFERENCES"]

Jobs = Sequence[Selected]


def _stages(pipeline: Pipeline, jobs: Jobs) -> Iterator[str]:
    jobs = left_in(jobs)
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


def _identity(pipeline: Pipeline, jobs: Jobs) -> Iterator[str]:
    if names := left_out(jobs):
        yield f"{', '.join(names)}: not run on Travis"


def _artifacts(pipeline: Pipeline, jobs: Jobs) -> Iterator[str]:
    users = [selected.job.name for selected in left_in(jobs) if selected.job.outputs]
    if users:
        yield f"{', '.join(users)}: outputs and reports end with the job; its log has what failed"


DIFFERENCES: Mapping[str, Difference] = MappingProxyType(
    {
        "travis-stages": Difference("Travis's stages are barriers: it has no graph of jobs", _stages),
        "travis-merge-group": Difference("Travis knows no merge queue", queued),
        "travis-service-version": Difference("Travis's services have one version each", _service_versions),
        "travis-concurrency": Difference("Travis does not keep two rollouts to one environment apart", _concurrency),
        "travis-environment": Difference(
            "Travis has no environments: no approval, no secrets of their own", _environments
        ),
        "travis-identity": Difference("Travis's jobs cannot prove who they are", _identity),
        "travis-artifacts": Difference("Travis keeps no files of a job", _artifacts),
    }
)
