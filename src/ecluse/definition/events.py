"""The event a command plays: the one that a provider reports, or one chosen here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ecluse.definition.conditions import patterns
from ecluse.definition.model import Event, EventKind, Pipeline

__all__ = ["example_tag", "play", "reported"]


def reported(environ: Mapping[str, str]) -> Event | None:
    """The event that the provider of this build reports in *environ*; None outside of one.

    The variables are GitHub's and Travis's default ones:
    https://docs.github.com/actions/reference/workflows-and-actions/variables and
    https://docs.travis-ci.com/user/environment-variables/#default-environment-variables
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        kind, name = _github_ref(environ.get("GITHUB_REF", ""))
        if environ.get("GITHUB_EVENT_NAME") == "pull_request":
            return Event(kind="pull_request", branch=environ.get("GITHUB_BASE_REF") or None)
        return Event(kind="tag", tag=name) if kind == "tags" else Event(kind="push", branch=name)
    if environ.get("TRAVIS") == "true":
        branch = environ.get("TRAVIS_BRANCH") or None
        if environ.get("TRAVIS_EVENT_TYPE") == "pull_request":
            return Event(kind="pull_request", branch=branch)
        if environ.get("TRAVIS_TAG"):
            return Event(kind="tag", tag=environ["TRAVIS_TAG"])
        return Event(kind="push", branch=branch)
    return None


def _github_ref(ref: str) -> tuple[str, str | None]:
    _refs, _, rest = ref.partition("/")
    kind, _, name = rest.partition("/")
    return kind, name or None


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
