"""The event to plan or run when no provider reports one."""

from __future__ import annotations

from collections.abc import Iterator

from ecluse.definition.conditions import patterns
from ecluse.definition.model import Event, EventKind, Pipeline

__all__ = ["example_tag", "play"]


def play(pipeline: Pipeline, kind: EventKind, ref: str | None = None) -> Event:
    """An event of *kind* on *ref*; without *ref*, on the first branch or tag that a job names without a pattern."""
    if kind == "ship":
        return Event(kind="ship")
    ref = ref or next((pattern for pattern in _asked(pipeline, kind) if "*" not in pattern), None)
    return Event(kind="tag", tag=ref) if kind == "tag" else Event(kind=kind, branch=ref)


def example_tag(pipeline: Pipeline) -> str:
    """An example of a tag that matches the first tag pattern of the pipeline, as ``v1.0`` for ``v*``. It is shown,
    never run.
    """
    return next(_asked(pipeline, "tag"), "v*").replace("*", "1.0")


def _asked(pipeline: Pipeline, kind: EventKind) -> Iterator[str]:
    return (pattern for job in pipeline.jobs for pattern in patterns(job.when, kind))
