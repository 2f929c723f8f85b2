"""Conditions as GitLab's ``rules:if`` has them.

https://docs.gitlab.com/ci/jobs/job_rules/#cicd-variable-expressions
"""

from __future__ import annotations

from ecluse.definition.model import All, Any, Condition, EventKind, Is, Not
from ecluse.errors import RenderError
from ecluse.providers.conditions import check_pattern

__all__ = ["alternatives", "expression"]

_SOURCE = "$CI_PIPELINE_SOURCE"

# What a pipeline's source is for an event, and the variable with the name that a pattern is about. A branch's pipeline
# has no tag, and a tag's has no branch.
_EVENTS: dict[EventKind, tuple[str, str]] = {
    "pull_request": ("merge_request_event", "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
    "push": ("push", "$CI_COMMIT_BRANCH"),
    "tag": ("push", "$CI_COMMIT_TAG"),
}

# "The @ symbol denotes the beginning of a ref's repository path", says GitLab, and asks for this in its place.
_ESCAPED = {".": r"\.", "+": r"\+", "/": r"\/", "@": r"\x40"}


def expression(condition: Condition) -> str:
    """*condition* as an expression for ``if``."""
    return _written(condition, negated=False)


def alternatives(condition: Condition) -> list[str]:
    """The expressions of which one holds wherever *condition* does: a rule for each is short, and easy to read."""
    parts = condition.conditions if isinstance(condition, Any) else (condition,)
    return [expression(part) for part in parts]


def _written(condition: Condition, *, negated: bool) -> str:
    # The language has no "not": what is negated is each comparison.
    match condition:
        case Is(kind, pattern):
            check_pattern(pattern)
            return _is_not(kind, pattern) if negated else _is(kind, pattern)
        case Not(inner):
            return _written(inner, negated=not negated)
        case All(conditions) | Any(conditions):
            joint = " && " if isinstance(condition, All) is not negated else " || "
            if len(conditions) == 1:
                return _written(conditions[0], negated=negated)
            return joint.join(_bracketed(_written(part, negated=negated)) for part in conditions)


def _bracketed(text: str) -> str:
    return f"({text})" if " && " in text or " || " in text else text


def _event(kind: EventKind) -> tuple[str, str]:
    if kind not in _EVENTS:
        raise RenderError(f"GitLab has no event {kind}")
    return _EVENTS[kind]


def _is(kind: EventKind, pattern: str | None) -> str:
    source, name = _event(kind)
    from_source = f'{_SOURCE} == "{source}"'
    if pattern is None or not pattern.strip("*"):
        return from_source if kind == "pull_request" else f"{from_source} && {name}"
    return f"{from_source} && {_matches(name, pattern)}"


def _is_not(kind: EventKind, pattern: str | None) -> str:
    source, name = _event(kind)
    not_from_source = f'{_SOURCE} != "{source}"'
    if pattern is None or not pattern.strip("*"):
        # A push that is not of the one is of the other.
        others = {"pull_request": [], "push": ["$CI_COMMIT_TAG"], "tag": ["$CI_COMMIT_BRANCH"]}[kind]
        return " || ".join([not_from_source, *others])
    # A variable that is not set is unlike every name, and no pattern matches it.
    return f"{not_from_source} || {_matches(name, pattern, negated=True)}"


def _matches(name: str, pattern: str, *, negated: bool = False) -> str:
    if "*" not in pattern:
        return f'{name} {"!=" if negated else "=="} "{pattern}"'
    escaped = "".join(".*" if letter == "*" else _ESCAPED.get(letter, letter) for letter in pattern)
    return f'{name} {"!~" if negated else "=~"} /^{escaped}$/'
