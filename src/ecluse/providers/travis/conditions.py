"""Conditions in Travis's language of conditions, version 1."""

from __future__ import annotations

import re

from ecluse.definition.model import Condition, EventKind
from ecluse.errors import RenderError
from ecluse.providers.conditions import written

__all__ = ["expression"]


def expression(condition: Condition) -> str:
    """*condition* in Travis's language. Raises RenderError where it cannot say it.

    The grammar: https://docs.travis-ci.com/user/conditions-v1
    """
    return written(condition, _is, ("NOT {}", " AND ", " OR "))


def _is(kind: EventKind, pattern: str | None) -> str:
    if kind not in ("pull_request", "push", "tag"):
        raise RenderError(f"Travis has no event {kind}")
    # A tag's build is of type push, and its branch is the tag.
    base = {"pull_request": "type = pull_request", "push": "type = push AND tag IS blank", "tag": "type = push"}[kind]
    name = "tag" if kind == "tag" else "branch"
    if pattern is None or pattern == "*":
        return f"{base} AND tag IS present" if kind == "tag" else base
    if "*" not in pattern:
        if pattern.lower() in ("true", "false"):
            # travis-conditions casts these words to booleans, whatever their case and quotes.
            raise RenderError(f"Travis takes the name {pattern!r} for a truth value", hint="name it otherwise")
        return f'{base} AND {name} = "{pattern}"'
    expression = ".*".join(map(re.escape, pattern.split("*"))).replace("/", r"\/")
    return f"{base} AND {name} =~ /^{expression}$/"
