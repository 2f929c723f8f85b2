"""GitLab's expressions for ``rules:if``, evaluated as its documentation and its own interpreter do.

The grammar: https://docs.gitlab.com/ci/jobs/job_rules/#cicd-variable-expressions; what it says nothing of (an unset
variable, the most words) is from https://gitlab.com/gitlab-org/gitlab, lib/gitlab/ci/pipeline/expression.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ecluse.definition.model import Event

__all__ = ["ParseError", "evaluate", "variables_of"]

MOST_TOKENS = 100

# The order decides, as there: "=~" is not "=" and something.
_TOKENS = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<variable>\$\w+)|(?P<string>\"[^\"]*\"|'[^']*')"
    r"|(?P<pattern>/(?:[^/\\]|\\.)+[^\\]/[ismU]*)|(?P<null>null\b)|(?P<operator>==|=~|!=|!~|&&|\|\|))"
)


class ParseError(Exception):
    """GitLab would not make a pipeline of this."""


def variables_of(event: Event) -> dict[str, str]:
    """The variables that GitLab sets for *event*: no other pipeline has a branch, a tag or a merge request's target."""
    if event.kind == "pull_request":
        return {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": event.branch or "",
            "CI_COMMIT_REF_NAME": "topic",
        }
    if event.kind == "tag":
        return {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": event.tag or ""}
    return {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": event.branch or ""}


def evaluate(expression: str, variables: Mapping[str, str]) -> bool:
    """Whether *expression* is true with *variables*. Raises ParseError where GitLab would refuse it."""
    parser = _Parser(_tokens(expression), variables)
    result = parser.alternatives()
    if parser.rest:
        raise ParseError(f"{parser.rest[0][1]!r} is left over in {expression!r}")
    return bool(result)


def _tokens(expression: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while expression[at:].strip():
        match = _TOKENS.match(expression, at)
        if match is None or match.lastgroup is None:
            raise ParseError(f"unknown lexeme in {expression!r} at {expression[at:]!r}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    if len(found) >= MOST_TOKENS:
        raise ParseError(f"too many tokens: {len(found)}")
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], variables: Mapping[str, str]) -> None:
        self.rest = tokens
        self._variables = variables

    def alternatives(self) -> object:
        left = self._all()
        while self._next_is("||"):
            right = self._all()
            left = left or right
        return left

    def _all(self) -> object:
        left = self._comparison()
        while self._next_is("&&"):
            right = self._comparison()
            left = left and right
        return left

    def _comparison(self) -> object:
        kind, text = self._take()
        if kind == "open":
            inner = self.alternatives()
            if self._take()[0] != "close":
                raise ParseError("no closing parenthesis")
            return inner
        left = self._value(kind, text)
        if self.rest and self.rest[0][1] in ("==", "!="):
            equal = self._take()[1] == "=="
            return (left == self._value(*self._take())) is equal
        if self.rest and self.rest[0][1] in ("=~", "!~"):
            matches = self._take()[1] == "=~"
            kind, text = self._take()
            if kind != "pattern":
                raise ParseError(f"{text!r} is no pattern")
            body = text[1 : text.rindex("/")].replace(r"\/", "/")
            return (re.search(body, left or "") is not None) is matches
        return left

    def _value(self, kind: str, text: str) -> str | None:
        match kind:
            case "variable":
                return self._variables.get(text[1:])
            case "string":
                return text[1:-1]
            case "null":
                return None
        raise ParseError(f"{text!r} is no value")

    def _next_is(self, operator: str) -> bool:
        if self.rest and self.rest[0][1] == operator:
            self.rest.pop(0)
            return True
        return False

    def _take(self) -> tuple[str, str]:
        if not self.rest:
            raise ParseError("something is missing at the end")
        return self.rest.pop(0)
