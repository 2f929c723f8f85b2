"""The event that a command plays where no provider reports one."""

from __future__ import annotations

from collections.abc import Iterator

from ecluse.definition.conditions import patterns
from ecluse.definition.model import Event, EventKind, Pipeline

__all__ = ["example_tag", "play"]


def play(pipeline: Pipeline, kind: EventKind, ref: str | None = None) -> Event:
    """An event of *kind* on *ref*; without one, on the first branch or tag (no pattern) that a job asks for."""
    if kind == "ship":
        return Event(kind="ship")
    ref = ref or next((pattern for pattern in _asked(pipeline, kind) if "*" not in pattern), None)
    return Event(kind="tag", tag=ref) if kind == "tag" else Event(kind=kind, branch=ref)


def example_tag(pipeline: Pipeline) -> str:
    """A tag that satisfies the first pattern asked for, as ``v1.0`` for ``v*``: to show, never to run."""
    return next(_asked(pipeline, "tag"), "v*").replace("*", "1.0")


def _asked(pipeline: Pipeline, kind: EventKind) -> Iterator[str]:
    return (pattern for job in pipeline.jobs for pattern in patterns(job.when, kind))
