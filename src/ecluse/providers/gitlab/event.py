"""The event of a GitLab job, read from its variables.

https://docs.gitlab.com/ci/variables/predefined_variables/
"""

from __future__ import annotations

from collections.abc import Mapping

from ecluse.definition.model import Event

__all__ = ["event", "pull_request_number"]


def event(environ: Mapping[str, str]) -> Event:
    """The event whose job has the variables *environ*."""
    if environ.get("CI_PIPELINE_SOURCE") == "merge_request_event":
        return Event(kind="pull_request", branch=environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") or None)
    if environ.get("CI_COMMIT_TAG"):
        return Event(kind="tag", tag=environ["CI_COMMIT_TAG"])
    return Event(kind="push", branch=environ.get("CI_COMMIT_BRANCH") or None)


def pull_request_number(environ: Mapping[str, str]) -> str | None:
    """The number of the job's merge request in its project; None where the event is another."""
    return environ.get("CI_MERGE_REQUEST_IID") or None
