"""The differences between GitLab and this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from ecluse.definition.model import Pipeline
from ecluse.providers.differences import Difference, queued
from ecluse.providers.selection import Selected, approved

__all__ = ["DIFFERENCES"]


def _engine(pipeline: Pipeline, jobs: Sequence[Selected]) -> Iterator[str]:
    users = [selected.job.name for selected in jobs if selected.job.engine]
    if users:
        yield f"{', '.join(users)}: a port that a container publishes is at the host docker, not at 127.0.0.1"


def _approval(pipeline: Pipeline, jobs: Sequence[Selected]) -> Iterator[str]:
    for environment, users in approved(pipeline, jobs).items():
        who = "whoever may push there lets it begin; a list of people who may is in GitLab's paid tiers"
        yield f"{', '.join(users)}: the rollout to {environment} waits for a person: {who}"


DIFFERENCES: Mapping[str, Difference] = MappingProxyType(
    {
        "gitlab-merge-group": Difference("GitLab has merge queues (merge trains) in its paid tiers alone", queued),
        "gitlab-engine": Difference("GitLab's Docker engine is another host than the job", _engine),
        "gitlab-approval": Difference("GitLab asks any developer for an approval, unless it is paid", _approval),
    }
)
