"""Whether a Python function may change a schema, from the words of its code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

__all__ = ["may_change_schema"]

_EDITS = frozenset(
    "create_model delete_model alter_db_table add_field alter_field remove_field add_constraint remove_constraint "
    "alter_unique_together alter_index_together".split()
)
_WORDS = re.compile(r"\b(?:ALTER|DROP|TRUNCATE|RENAME|REVOKE|CREATE)\b", re.I)


def may_change_schema(function: Any) -> bool:
    """Whether *function*, or one of its module that it names, calls the schema editor or has SQL that defines."""
    return any(_EDITS & set(code.co_names) or any(map(_defines, code.co_consts)) for code in _codes(function, set()))


def _defines(constant: object) -> bool:
    return isinstance(constant, str) and _WORDS.search(constant) is not None


def _codes(function: Any, seen: set[int]) -> Iterator[CodeType]:
    function = getattr(function, "__wrapped__", function)
    function = getattr(function, "func", function)  # functools.partial
    if not isinstance(function, FunctionType) or id(function) in seen:
        return
    seen.add(id(function))
    left = [function.__code__]
    while left:
        code = left.pop()
        yield code
        left += [one for one in code.co_consts if isinstance(one, CodeType)]
        for name in code.co_names:
            yield from _codes(function.__globals__.get(name), seen)
