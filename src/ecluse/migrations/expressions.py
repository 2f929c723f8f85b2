"""Questions about an SQL expression, as PostgreSQL prints it, that are answered without running it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .schema import Column
from .widening import plain

__all__ = ["makes_unique", "may_fail", "normal"]

_STRING = r"'(?:[^']|'')*'"
_CAST = r"::(?:character varying|double precision|timestamp with(?:out)? time zone|\w+)(?:\(\d+(?:, ?\d+)?\))?(?:\[\])*"
_CONSTANT = re.compile(rf"(?:{_STRING}|NULL|\(-?[\d.]+\)|\b\d[\d.]*)(?:{_CAST})*")
_OF_COLUMN = re.compile(r'\((\w+|"[^"]+")\)::(double precision|numeric|integer|bigint|real)\b')
_TO_TEXT = re.compile(r"::(?:text|character varying)(?:\[\])*(?!\()")
_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
_HOLDS_ALL = frozenset({"numeric", "double precision"})
_CALL = re.compile(r"\b([a-z_]\w*)\s*\(")
_HARMLESS = frozenset(
    "lower upper initcap coalesce concat concat_ws btrim ltrim rtrim trim length char_length abs md5 left right "
    "greatest least nullif replace substr substring to_tsvector setweight array_to_string round floor ceil and or not "
    "in any all array varying numeric timezone date_part extract date_trunc case when then else is end".split()
)
_UNIQUE = re.compile(r"\b(?:nextval|gen_random_uuid|uuid_generate_v\w+|uuidv[47])\(")


def normal(definition: str) -> str:
    """The definition of a check without casts, and without parentheses that only those casts needed."""
    text = re.sub(_CAST, "", re.sub(r"\s+", " ", definition))
    while True:
        shorter = re.sub(r'(?<![\w"])\(((?:\w+|"[^"]+"|' + _STRING + r"))\)", r"\1", text)
        shorter = re.sub(r"\(\(([^()]*)\)\)", r"(\1)", shorter)
        if shorter == text:
            return text
        text = shorter


def may_fail(expression: str, columns: Mapping[str, Column]) -> bool:
    """Whether working the expression out may raise an error for values that the *columns* may have."""
    text = _CONSTANT.sub("x", expression)

    def of_column(found: re.Match[str]) -> str:
        column = columns.get(found[1].strip('"'))
        kind = plain(column.type) if column else ""
        whole = kind in _NUMBERS and (found[2] in _HOLDS_ALL or kind in ("smallint", found[2]))
        return "x" if whole or (kind, found[2]) == ("integer", "bigint") else found[0]

    text = _TO_TEXT.sub("", _OF_COLUMN.sub(of_column, text))
    if re.search(r"::|[/%]", text):
        return True
    return any(name not in _HARMLESS for name in _CALL.findall(text.lower()))


def makes_unique(default: str | None) -> bool:
    """Whether a default gives each row another value."""
    return default is not None and _UNIQUE.search(default) is not None
