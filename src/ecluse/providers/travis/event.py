"""The event of a Travis job, read from its variables.

https://docs.travis-ci.com/user/environment-variables/#default-environment-variables
"""

from __future__ import annotations

from collections.abc import Mapping

from ecluse.definition.model import Event

__all__ = ["event", "pull_request_number"]


def event(environ: Mapping[str, str]) -> Event:
    """The event whose job has the variables *environ*."""
    branch = environ.get("TRAVIS_BRANCH") or None
    if environ.get("TRAVIS_EVENT_TYPE") == "pull_request":
        return Event(kind="pull_request", branch=branch)
    if environ.get("TRAVIS_TAG"):
        return Event(kind="tag", tag=environ["TRAVIS_TAG"])
    return Event(kind="push", branch=branch)


def pull_request_number(environ: Mapping[str, str]) -> str | None:
    """The number of the job's pull request; None where the event is another."""
    number = environ.get("TRAVIS_PULL_REQUEST", "")
    return number if number.isdigit() else None
