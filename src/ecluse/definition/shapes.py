"""Type checks of the pipeline's data, at any depth: pipeline.py is Python, and nothing else checks its types.

A wrong type would show much later, as a traceback in a thread or as YAML with another meaning: the string ``"3.13"``
in place of a tuple is four values, and the number ``3.10`` is ``3.1``.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ecluse.definition.model import Pipeline

__all__ = ["Problem", "misfits"]


@dataclass(frozen=True)
class Problem:
    """A mistake in a pipeline: *where* it is (``job 'tests'``), in which *field* (``matrix.python``), and *what* is
    wrong.
    """

    where: str
    field: str
    what: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.where, f"field {self.field!r}" if self.field else "") if part)
        return f"{place}: {self.what}" if place else self.what


def misfits(pipeline: Pipeline) -> Iterator[Problem]:
    """The values in *pipeline* whose type is not the declared one."""
    yield from _object(pipeline, "", "")


def _object(value: object, where: str, field: str) -> Iterator[Problem]:
    kind: Any = type(value)
    for name, expected in _hints(kind).items():
        yield from _value(getattr(value, name), expected, where, f"{field}.{name}" if field else name)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _value(value: object, expected: Any, where: str, field: str) -> Iterator[Problem]:
    origin, arguments = get_origin(expected), get_args(expected)
    if origin in (Union, types.UnionType):
        fitting = [option for option in arguments if _is(value, option)]
        if fitting:
            yield from _value(value, fitting[0], where, field)
        else:
            yield _misfit(value, expected, where, field)
    elif not _is(value, expected):
        yield _misfit(value, expected, where, field)
    elif isinstance(value, str) and (odd := _odd(value)):
        yield Problem(where, field, odd)
    elif origin is tuple:
        assert isinstance(value, tuple)
        for index, item in enumerate(value):
            yield from _item(item, arguments[0], index, where, field)
    elif origin is Mapping:
        assert isinstance(value, Mapping)
        for key, item in value.items():
            yield from _value(key, arguments[0], where, f"{field}, key {key!r}")
            yield from _value(item, arguments[1], where, f"{field}.{key}")
    elif is_dataclass(expected):
        yield from _object(value, where, field)


def _odd(text: str) -> str | None:
    """Why no program and no file can be given *text*."""
    if "\0" in text:
        return f"{text[:40]!r} has a NUL in it, which no program can be given"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return f"{text[:40]!r} has half a character in it (a surrogate), which is no text"
    return None


def _item(item: object, expected: Any, index: int, where: str, field: str) -> Iterator[Problem]:
    # What has a name is found by it: "job 'tests'" says more than "jobs[3]".
    name = getattr(item, "name", None)
    if field in ("jobs", "services", "environments") and isinstance(name, str) and _is(item, expected):
        yield from _value(item, expected, f"{field.removesuffix('s')} {name!r}", "")
    else:
        yield from _value(item, expected, where, f"{field}[{index}]")


def _is(value: object, expected: Any) -> bool:
    """Whether *value* itself is of the type *expected*; its elements are not checked."""
    origin = get_origin(expected)
    if origin is Literal:
        return value in get_args(expected)
    if expected is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if expected is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, origin or expected)


def _misfit(value: object, expected: Any, where: str, field: str) -> Problem:
    what = f"{_name(expected)} expected, got {type(value).__name__} {value!r}"
    if get_origin(expected) is tuple:
        if isinstance(value, str):
            what += f"; one value alone is written ({value!r},)"
        elif isinstance(value, list):
            what += "; write it with ( ) instead of [ ]"
    elif expected is str and isinstance(value, int | float):
        what += f"; in quotes: {str(value)!r}"
    return Problem(where, field, what)


def _name(expected: Any) -> str:
    origin, arguments = get_origin(expected), get_args(expected)
    if origin is Literal:
        return "one of " + ", ".join(map(repr, arguments))
    if origin is tuple:
        return f"a tuple of {_name(arguments[0])}"
    if origin is Mapping:
        return f"a mapping of {_name(arguments[0])} to {_name(arguments[1])}"
    if origin in (Union, types.UnionType):
        return " or ".join(_name(option) for option in arguments)
    return {"NoneType": "None", "Is": "a condition"}.get(expected.__name__, str(expected.__name__))
