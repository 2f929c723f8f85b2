"""Conditions as a provider's language needs them: simplified, and written operator by operator.

:func:`ecluse.definition.conditions.holds` evaluates a condition on this machine and is the reference. What a provider
writes must agree with it on every event that the provider can report
(``tests/support/providers/condition_table.py`` is the table on which all are tested).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from ecluse.definition.conditions import possible
from ecluse.definition.model import All, Any, Condition, EventKind, Is, Not
from ecluse.errors import RenderError

__all__ = ["KINDS", "check_pattern", "filters", "simplify", "written"]

KINDS: tuple[EventKind, ...] = ("pull_request", "merge_group", "push", "tag")
"""The events that a provider may report. ``ship`` never reaches one."""

# What every provider's language reads the same way. Git allows more: quotes, brackets, letters of any alphabet.
_PATTERN = re.compile(r"[A-Za-z0-9._/@#+*-]+")


def simplify(condition: Condition | None, kinds: Collection[EventKind] = KINDS) -> Condition | bool:
    """The simplest condition that agrees with *condition* on events of *kinds*: true or false if that decides it."""
    match condition:
        case None:
            return True
        case Is(kind, _):
            return condition if kind in kinds else False
        case Not(negated):
            inner = simplify(negated, kinds)
            if isinstance(inner, bool):
                return not inner
            return inner.condition if isinstance(inner, Not) else Not(inner)
        case All(conditions):
            return _joined(All, [simplify(part, kinds) for part in conditions], decided_by=False)
        case Any(conditions):
            return _joined(Any, [simplify(part, kinds) for part in conditions], decided_by=True)


def _joined(kind: type[All] | type[Any], simple: Iterable[Condition | bool], *, decided_by: bool) -> Condition | bool:
    parts: list[Condition] = []
    for part in simple:
        if part is decided_by:
            return decided_by
        if not isinstance(part, bool):
            parts += part.conditions if isinstance(part, kind) else (part,)
    unique = tuple(part for part in dict.fromkeys(parts) if not _implied(part, parts))
    if not unique:
        return not decided_by
    return unique[0] if len(unique) == 1 else kind(unique)


def _implied(part: Condition, parts: Collection[Condition]) -> bool:
    """Whether another of *parts* makes *part* superfluous: a and (a or b) is a, and so is a or (a and b).

    Joined parts are never of the kind that joins them, so one that is a list at all is of the other kind.
    """
    return isinstance(part, All | Any) and any(other in part.conditions for other in parts)


def filters(condition: Condition | bool, kind: EventKind) -> frozenset[str] | None:
    """Patterns of which one matches wherever *condition* holds for an event of *kind*; None where none are such."""
    match condition:
        case bool():
            return None if condition else frozenset()
        case Is(other, pattern):
            if other != kind:
                return frozenset()
            return None if pattern is None else frozenset((pattern,))
        case Any(conditions):
            found = [filters(part, kind) for part in conditions]
            return None if None in found else frozenset().union(*(part for part in found if part is not None))
        case All(conditions):
            # Each part alone is such a list: the shortest says most.
            limited = [part for part in (filters(part, kind) for part in conditions) if part is not None]
            return min(limited, key=lambda part: (len(part), sorted(part)), default=None)
        case Not():
            return None if possible(condition, kind) else frozenset()


def check_pattern(pattern: str | None) -> None:
    """Raises RenderError for a pattern that a provider's language may read otherwise than the others do."""
    if pattern is not None and not _PATTERN.fullmatch(pattern):
        hint = "a name may hold letters, digits and . _ / @ # + -, and * for anything"
        raise RenderError(f"no provider can be trusted with the pattern {pattern!r}", hint=hint)


def written(condition: Condition, is_: Callable[[EventKind, str | None], str], words: tuple[str, str, str]) -> str:
    """*condition* in the language of a provider.

    *is_* writes the test for one kind of event and a pattern; *words* are the language's negation (with ``{}``),
    conjunction and disjunction. Raises RenderError for a pattern that no provider can be trusted with.
    """
    negation, conjunction, disjunction = words

    def inner(condition: Condition) -> str:
        text = written(condition, is_, words)
        return f"({text})" if conjunction in text or disjunction in text else text

    match condition:
        case Is(kind, pattern):
            check_pattern(pattern)
            return is_(kind, pattern)
        case Not(negated):
            return negation.format(f"({written(negated, is_, words)})")
        case All(conditions):
            return conjunction.join(inner(part) for part in conditions)
        case Any(conditions):
            return disjunction.join(inner(part) for part in conditions)
