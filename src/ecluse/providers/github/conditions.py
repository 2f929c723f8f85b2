"""Conditions as GitHub's expressions."""

from __future__ import annotations

from ecluse.definition.model import Condition, EventKind
from ecluse.errors import RenderError
from ecluse.providers.conditions import written

__all__ = ["expression"]


def expression(condition: Condition) -> str:
    """*condition* as an expression for ``jobs.<id>.if``. Raises RenderError where GitHub's functions cannot say it.

    GitHub compares strings without regard to case, and has no function that does not:
    https://docs.github.com/actions/reference/workflows-and-actions/expressions#operators
    """
    return written(condition, _is, ("!{}", " && ", " || "))


def _is(kind: EventKind, pattern: str | None) -> str:
    if kind == "pull_request":
        # Set for pull requests alone, so it says both what happened and to which branch.
        any_ref, name = "github.event_name == 'pull_request'", "github.base_ref"
    elif kind == "merge_group":
        # The queue's own branch is the ref; it has the base branch in the event alone.
        any_ref, name = "github.event_name == 'merge_group'", "github.event.merge_group.base_ref"
        pattern = None if pattern is None or not pattern.strip("*") else f"refs/heads/{pattern}"
        return any_ref if pattern is None else _match(name, pattern)
    else:
        prefix = {"push": "refs/heads/", "tag": "refs/tags/"}[kind]
        any_ref, name = f"startsWith(github.ref, '{prefix}')", "github.ref_name"
        # The full ref says the kind too: one comparison is enough where the pattern is fixed from its beginning on.
        if pattern and "*" not in pattern:
            return f"github.ref == '{prefix}{pattern}'"
        if pattern and pattern.endswith("*") and "*" not in pattern[:-1]:
            return f"startsWith(github.ref, '{prefix}{pattern[:-1]}')"
    if pattern is None or pattern == "*":
        return any_ref
    test = _match(name, pattern)
    return test if kind == "pull_request" else f"{any_ref} && {test}"


def _match(name: str, pattern: str) -> str:
    match pattern.split("*"):
        case [whole]:
            return f"{name} == '{whole}'"
        case ["", middle, ""]:
            return f"contains({name}, '{middle}')"
        case [start, ""]:
            return f"startsWith({name}, '{start}')"
        case ["", end]:
            return f"endsWith({name}, '{end}')"
        case [start, end] if not _overlap(start.lower(), end.lower()):
            return f"startsWith({name}, '{start}') && endsWith({name}, '{end}')"
    raise RenderError(
        f"GitHub cannot express the pattern {pattern!r}",
        hint="its expressions know name, start*, *end, *middle* and start*end (which must not overlap): combine those",
    )


def _overlap(start: str, end: str) -> bool:
    """Whether a name shorter than both could begin with *start* and end with *end*: ``ab`` does, for ``ab*b``."""
    return any(start.endswith(end[:length]) for length in range(1, len(end) + 1))
