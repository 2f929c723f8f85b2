"""Conditions as the providers write them: a GitHub expression, a Travis v1 condition.

:func:`ecluse.definition.conditions.holds` evaluates the same tree on this machine, and is the reference: these two must
agree with it on every event that a provider can report (``tests/support/providers/condition_table.py`` is the table
that all three are tested on).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from ecluse.definition.conditions import possible
from ecluse.definition.model import All, Any, Condition, EventKind, Is, Not
from ecluse.errors import RenderError

__all__ = ["KINDS", "filters", "for_github", "for_travis", "simplify"]

KINDS: tuple[EventKind, ...] = ("pull_request", "push", "tag")
"""The events that a provider reports. ``ship`` never reaches one."""

# What all three compilations read the same way. Git allows more: quotes, brackets, letters of any alphabet.
_PATTERN = re.compile(r"[A-Za-z0-9._/@#+*-]+")


def simplify(condition: Condition | None, kinds: Collection[EventKind] = KINDS) -> Condition | bool:
    """*condition* where only events of *kinds* happen: true or false where that decides it."""
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


def for_github(condition: Condition) -> str:
    """*condition* as an expression for ``jobs.<id>.if``. Raises RenderError where GitHub's functions cannot say it.

    GitHub compares strings without regard to case, and has no function that does not:
    https://docs.github.com/actions/reference/workflows-and-actions/expressions#operators
    """
    return _compile(condition, _github_is, ("!{}", " && ", " || "))


def _github_is(kind: EventKind, pattern: str | None) -> str:
    if kind == "pull_request":
        # Set for pull requests alone, so it says both what happened and to which branch.
        any_ref, name = "github.event_name == 'pull_request'", "github.base_ref"
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
    test = _github_match(name, pattern)
    return test if kind == "pull_request" else f"{any_ref} && {test}"


def _github_match(name: str, pattern: str) -> str:
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


def for_travis(condition: Condition) -> str:
    """*condition* in Travis's language. Raises RenderError where it cannot say it.

    The grammar: https://docs.travis-ci.com/user/conditions-v1
    """
    return _compile(condition, _travis_is, ("NOT {}", " AND ", " OR "))


def _travis_is(kind: EventKind, pattern: str | None) -> str:
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


def _compile(
    condition: Condition, compile_is: Callable[[EventKind, str | None], str], words: tuple[str, str, str]
) -> str:
    negation, conjunction, disjunction = words

    def inner(condition: Condition) -> str:
        text = _compile(condition, compile_is, words)
        return f"({text})" if conjunction in text or disjunction in text else text

    match condition:
        case Is(kind, pattern):
            if pattern is not None and not _PATTERN.fullmatch(pattern):
                hint = "a name may hold letters, digits and . _ / @ # + -, and * for anything"
                raise RenderError(f"no provider can be trusted with the pattern {pattern!r}", hint=hint)
            return compile_is(kind, pattern)
        case Not(negated):
            return negation.format(f"({_compile(negated, compile_is, words)})")
        case All(conditions):
            return conjunction.join(inner(part) for part in conditions)
        case Any(conditions):
            return disjunction.join(inner(part) for part in conditions)
