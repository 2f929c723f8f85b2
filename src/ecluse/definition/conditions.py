"""Conditions: which events select a job on this machine. ``providers`` compiles the same tree for GitHub and Travis."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecluse.definition.model import All, Any, Condition, Event, EventKind, Is, Not

__all__ = ["describe", "describe_event", "holds", "matches", "names_kind", "patterns", "possible"]

_WORDS: dict[EventKind, tuple[str, str]] = {
    "pull_request": ("pull request", "pull request to {}"),
    "merge_group": ("merge group", "merge group for {}"),
    "push": ("push", "push to {}"),
    "tag": ("tag", "tag {}"),
    "ship": ("ship", "ship"),
}


def holds(condition: Condition | None, event: Event) -> bool:
    """Whether *event* satisfies *condition*. No condition is satisfied by every event."""
    match condition:
        case None:
            return True
        case Is(kind, pattern):
            return kind == event.kind and (pattern is None or matches(pattern, _ref(event)))
        case All(conditions):
            return all(holds(part, event) for part in conditions)
        case Any(conditions):
            return any(holds(part, event) for part in conditions)
        case Not(negated):
            return not holds(negated, event)


def possible(condition: Condition | None, kind: EventKind) -> bool:
    """Whether an event of *kind* may satisfy *condition*, on some branch or tag.

    If in doubt, the answer is yes: two patterns are never compared with each other.
    """
    return _three_valued(condition, kind) is not False


def _three_valued(condition: Condition | None, kind: EventKind) -> bool | None:
    # Kleene's logic: None stands for "depends on the branch or tag".
    match condition:
        case None:
            return True
        case Is(other, pattern):
            return False if other != kind else (True if pattern is None else None)
        case All(conditions):
            parts = [_three_valued(part, kind) for part in conditions]
            return False if False in parts else (None if None in parts else True)
        case Any(conditions):
            parts = [_three_valued(part, kind) for part in conditions]
            return True if True in parts else (None if None in parts else False)
        case Not(negated):
            part = _three_valued(negated, kind)
            return None if part is None else not part


def matches(pattern: str, ref: str | None) -> bool:
    """Whether *ref* is the name *pattern*, in which ``*`` stands for anything."""
    return ref is not None and re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), ref, re.DOTALL) is not None


def patterns(condition: Condition | None, kind: EventKind) -> Iterator[str]:
    """The patterns of *condition* that apply to events of *kind*, in the order they are written."""
    match condition:
        case Is(other, pattern) if other == kind and pattern is not None:
            yield pattern
        case All(conditions) | Any(conditions):
            for part in conditions:
                yield from patterns(part, kind)
        case _:
            return


def names_kind(condition: Condition | None, kind: EventKind) -> bool:
    """Whether *condition* is written with events of *kind*."""
    match condition:
        case None:
            return False
        case Is(other, _):
            return other == kind
        case Not(negated):
            return names_kind(negated, kind)
        case All(conditions) | Any(conditions):
            return any(names_kind(part, kind) for part in conditions)


def describe(condition: Condition | None) -> str:
    """*condition* in words: ``pull request to staging or ship``."""
    match condition:
        case None:
            return "every event"
        case Is(kind, pattern):
            return _WORDS[kind][0] if pattern is None else _WORDS[kind][1].format(pattern)
        case All(conditions):
            return " and ".join(_bracketed(part) for part in conditions)
        case Any(conditions):
            return " or ".join(describe(part) for part in conditions)
        case Not(negated):
            return f"not {describe(negated)}" if isinstance(negated, Is) else f"not ({describe(negated)})"


def _bracketed(condition: Condition) -> str:
    return f"({describe(condition)})" if isinstance(condition, Any) else describe(condition)


def describe_event(event: Event) -> str:
    """*event* in words: ``pull request to staging``."""
    ref = _ref(event)
    return _WORDS[event.kind][0] if ref is None else _WORDS[event.kind][1].format(ref)


def _ref(event: Event) -> str | None:
    return event.tag if event.kind == "tag" else event.branch
