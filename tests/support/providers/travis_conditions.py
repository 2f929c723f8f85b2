"""An interpreter of Travis's conditions, version 1: what Travis would decide, without Travis.

The grammar is the documented one (https://docs.travis-ci.com/user/conditions-v1), in the reading of Travis's own parser
(https://github.com/travis-ci/travis-conditions): ``OR`` binds weaker than ``AND``, that weaker than ``NOT``; the words
``true`` and ``false`` become truth values wherever they stand, in any case and in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ecluse.definition.model import Event

__all__ = ["ParseError", "data_of", "evaluate"]

_VARIABLES = "type|repo|head_repo|os|dist|group|sudo|language|sender|fork|draft|branch|head_branch|tag|commit_message"
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\)) | (?P<comma>,)
    | (?P<match>=~|~=) | (?P<not_match>!~) | (?P<not_eq>!=) | (?P<eq>==|=)
    | (?P<string>"[^"]*"|'[^']*')
    | (?P<word>[^\s()"',=!]+)
    )""",
    re.VERBOSE,
)
_REGEX = re.compile(r"\s*(?:/((?:\\.|[^/\\])*)/|(\S*[^\s)]+))")

Data = Mapping[str, str | None]
Value = str | bool | None


class ParseError(Exception):
    """Travis would reject the build."""


def data_of(event: Event) -> Data:
    """The data that Travis has about *event*: a tag's build is of type push, and its branch is the tag."""
    if event.kind == "pull_request":
        return {"type": "pull_request", "branch": event.branch, "tag": None}
    return {"type": "push", "branch": event.branch or event.tag, "tag": event.tag}


def evaluate(condition: str, data: Data) -> bool:
    """Whether *condition* holds for *data*. Raises ParseError for what Travis would not read."""
    parser = _Parser(condition, data)
    result = parser.expression()
    if parser.rest().strip():
        raise ParseError(f"not understood: {parser.rest()!r} in {condition!r}")
    return bool(result())


def _cast(value: Value) -> Value:
    return {"true": True, "false": False}.get(str(value).lower(), value)


class _Parser:
    """Recursive descent; each rule returns a function, so that what is not asked for is read but not evaluated."""

    def __init__(self, text: str, data: Data) -> None:
        self._text, self._at, self._data = text, 0, data

    def rest(self) -> str:
        return self._text[self._at :]

    def _take(self, kind: str, pattern: str = ".*") -> str | None:
        token = _TOKEN.match(self._text, self._at)
        if token and token.lastgroup == kind and re.fullmatch(pattern, token[kind], re.IGNORECASE):
            self._at = token.end()
            return token[kind]
        return None

    def _expect(self, kind: str) -> None:
        if self._take(kind) is None:
            raise ParseError(f"expected {kind} at {self._at} in {self._text!r}")

    def expression(self) -> Callable[[], Value]:
        left = self._conjunction()
        while self._take("word", r"or|\|\|"):
            left = self._or(left, self._conjunction())
        return left

    def _conjunction(self) -> Callable[[], Value]:
        left = self._factor()
        while self._take("word", "and|&&"):
            left = self._and(left, self._factor())
        return left

    @staticmethod
    def _or(left: Callable[[], Value], right: Callable[[], Value]) -> Callable[[], Value]:
        return lambda: bool(left()) or bool(right())

    @staticmethod
    def _and(left: Callable[[], Value], right: Callable[[], Value]) -> Callable[[], Value]:
        return lambda: bool(left()) and bool(right())

    def _factor(self) -> Callable[[], Value]:
        if self._take("open"):
            inner = self.expression()
            self._expect("close")
            return inner
        if self._take("word", "not"):
            negated = self._factor()
            return lambda: not negated()
        return self._term()

    def _term(self) -> Callable[[], Value]:
        left = self._operand()
        if self._take("word", "is"):
            negate = self._take("word", "not") is not None
            predicate = self._take("word", "present|blank|true|false")
            if predicate is None:
                raise ParseError(f"expected present or blank at {self._at} in {self._text!r}")
            return lambda: self._is(left(), predicate.lower()) != negate
        negate = self._take("word", "not") is not None
        if self._take("word", "in"):
            self._expect("open")
            items = [self._operand()]
            while self._take("comma"):
                items.append(self._operand())
            self._expect("close")
            return lambda: (left() in [item() for item in items]) != negate
        if negate:
            raise ParseError(f"NOT without IN at {self._at} in {self._text!r}")
        for kind, expected in (("match", True), ("not_match", False)):
            if self._take(kind):
                expression = self._regex()
                return lambda: (left() is not None and bool(expression.search(_text(left())))) == expected
        for kind, expected in (("eq", True), ("not_eq", False)):
            if self._take(kind):
                right = self._operand()
                return lambda: (left() == right()) == expected
        return left

    @staticmethod
    def _is(value: Value, predicate: str) -> bool:
        present = bool(value)
        return present if predicate in ("present", "true") else not present

    def _regex(self) -> re.Pattern[str]:
        found = _REGEX.match(self._text, self._at)
        if found is None:
            raise ParseError(f"expected a regular expression at {self._at} in {self._text!r}")
        self._at = found.end()
        return re.compile(found[1] if found[1] is not None else found[2])

    def _operand(self) -> Callable[[], Value]:
        quoted = self._take("string")
        if quoted is not None:
            return lambda: _cast(quoted[1:-1])
        word = self._take("word")
        if word is None:
            raise ParseError(f"expected an operand at {self._at} in {self._text!r}")
        if word.startswith("$"):
            raise ParseError(f"{word}: shell code does not work")
        if re.fullmatch(_VARIABLES, word):
            return lambda: _cast(self._data.get(word))
        return lambda: _cast(word)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
