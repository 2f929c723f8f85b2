"""Whether a column's new type holds all that its old one did, so that a release which knows the old one lives on."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["holds", "plain"]

_TYPE = re.compile(r"(?P<name>.*?)(?:\((?P<first>\d+)(?:, ?(?P<second>-?\d+))?\))?(?P<rest> with(?:out)? time zone)?")
_SHORT = {
    "varchar": "character varying",
    "char": "character",
    "serial": "integer",
    "bigserial": "bigint",
    "smallserial": "smallint",
    "timestamptz": "timestamp with time zone",
}
_WIDER = {
    "smallint": ("integer", "bigint"),
    "integer": ("bigint",),
    "real": ("double precision",),
    "character varying": ("text",),
}
_LENGTH = ("character varying", "bit varying")
_PRECISION = ("timestamp", "time", "interval")


@dataclass(frozen=True)
class _Type:
    name: str
    first: int | None
    second: int | None
    rest: str


def holds(old: str, new: str) -> bool:
    """Whether every value of type *old* is one of type *new*, and comes back as it was."""
    if old == new:
        return True
    if old.endswith("[]") or new.endswith("[]"):
        return old.endswith("[]") and new.endswith("[]") and holds(old[:-2], new[:-2])
    before, after = _parse(old), _parse(new)
    if before == after:
        return True
    if before.name == "text" and after.name == "character varying":
        return after.first is None
    if before.name != after.name or before.rest != after.rest:
        return after.name in _WIDER.get(before.name, ()) and after.first is None
    if before.name in _LENGTH:
        return after.first is None or (before.first is not None and after.first >= before.first)
    if before.name in _PRECISION:
        return _or(after.first, 6) >= _or(before.first, 6)
    if before.name == "numeric":
        return _numeric(before, after)
    return False


def plain(name: str) -> str:
    """The type without its length or precision, as PostgreSQL spells it."""
    return _parse(name).name


def _numeric(before: _Type, after: _Type) -> bool:
    if after.first is None:
        return True
    if before.first is None:
        return False
    old_scale, new_scale = before.second or 0, after.second or 0
    return new_scale >= old_scale and after.first - new_scale >= before.first - old_scale


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _parse(text: str) -> _Type:
    found = _TYPE.fullmatch(_SHORT.get(text, text))
    if found is None:
        return _Type(text, None, None, "")
    first, second = (int(found[part]) if found[part] else None for part in ("first", "second"))
    name = found["name"].strip()
    name = _SHORT.get(name, name)
    if name == "character" and first is None:
        first = 1
    return _Type(name, first, second, found["rest"] or "")
