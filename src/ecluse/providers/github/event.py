"""The event of a GitHub job, read from its variables.

https://docs.github.com/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ecluse.definition.model import Event

__all__ = ["event", "pull_request_number"]


def event(environ: Mapping[str, str]) -> Event:
    """The event whose job has the variables *environ*."""
    kind, name = _ref(environ.get("GITHUB_REF", ""))
    if environ.get("GITHUB_EVENT_NAME") == "pull_request":
        return Event(kind="pull_request", branch=environ.get("GITHUB_BASE_REF") or None)
    if environ.get("GITHUB_EVENT_NAME") == "merge_group":
        queued = re.fullmatch(r"gh-readonly-queue/(.+)/pr-\d+-[0-9a-f]+", name or "")
        return Event(kind="merge_group", branch=queued[1] if queued else None)
    return Event(kind="tag", tag=name) if kind == "tags" else Event(kind="push", branch=name)


def pull_request_number(environ: Mapping[str, str]) -> str | None:
    """The number of the job's pull request; None where the event is another."""
    found = re.fullmatch(r"refs/pull/(\d+)/(?:merge|head)", environ.get("GITHUB_REF", ""))
    return found[1] if found else None


def _ref(ref: str) -> tuple[str, str | None]:
    _refs, _, rest = ref.partition("/")
    kind, _, name = rest.partition("/")
    return kind, name or None
