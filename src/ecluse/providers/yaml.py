"""YAML as people write it: block style, keys in the order given, a comment where it helps.

ruamel.yaml's emitter is handed events, one for each thing written. Its representer and resolver would double the time
that a large pipeline takes, to find out what is known here: every scalar is a string, a number or a truth value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from types import SimpleNamespace
from typing import Any

from ruamel.yaml import events
from ruamel.yaml.emitter import Emitter
from ruamel.yaml.error import CommentMark
from ruamel.yaml.tag import Tag
from ruamel.yaml.tokens import CommentToken

__all__ = ["Commented", "Flow", "dump"]


@dataclass(frozen=True)
class Commented:
    """A *value* with a *comment* at the end of its line."""

    value: str
    comment: str


class Flow(tuple[str, ...]):
    """Strings on one line, in brackets."""


def dump(document: Mapping[str, object], header: str) -> str:
    """*document* as YAML below *header*, each of whose lines becomes a comment."""
    stream = StringIO()
    emitter = _emitter(stream)
    found: list[events.Event] = [events.StreamStartEvent(), events.DocumentStartEvent(explicit=False)]
    _add(document, found)
    for event in (*found, events.DocumentEndEvent(explicit=False), events.StreamEndEvent()):
        emitter.emit(event)
    return "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines()) + stream.getvalue()


class _Emitter(Emitter):
    """The emitter, which looks at a text once: the same keys and steps stand in every job."""

    def __init__(self, stream: StringIO, **options: Any) -> None:
        super().__init__(stream, **options)
        self._analyses: dict[str, Any] = {}

    def analyze_scalar(self, scalar: str) -> Any:
        """The ways in which *scalar* can be written."""
        found = self._analyses.get(scalar)
        if found is None:
            found = self._analyses[scalar] = super().analyze_scalar(scalar)
        return found


def _emitter(stream: StringIO) -> Emitter:
    # The emitter asks which version of YAML it writes.
    dumper = SimpleNamespace(_emitter=None, _serializer=SimpleNamespace(use_version=None))
    # A line is as long as what it says: a condition in two lines is hard to read and to search.
    emitter = _Emitter(stream, width=4096, allow_unicode=True, dumper=dumper)
    emitter.best_map_indent, emitter.best_sequence_indent, emitter.sequence_dash_offset = 2, 4, 2
    return emitter


def _add(value: object, found: list[events.Event]) -> None:
    """Append the events of *value* to *found*."""
    match value:
        case str():
            found.append(_scalar(value))
        case Mapping():
            found.append(events.MappingStartEvent(None, None, implicit=True, flow_style=not value))
            for key, item in value.items():
                # `on:` is GitHub's word, and nobody quotes it.
                found.append(_scalar(key, literally=key == "on"))
                _add(item, found)
            found.append(events.MappingEndEvent())
        case Commented(text, comment):
            found.append(_scalar(text, comment))
        case bool():
            found.append(_scalar("true" if value else "false", literally=True))
        case int():
            found.append(_scalar(str(value), literally=True))
        case Sequence():
            flow = isinstance(value, Flow) or not value
            found.append(events.SequenceStartEvent(None, None, implicit=True, flow_style=flow))
            for item in value:
                _add(item, found)
            found.append(events.SequenceEndEvent())
        case _:
            raise TypeError(f"{type(value).__name__} is not written as YAML here")


def _scalar(text: str, comment: str | None = None, *, literally: bool = False) -> events.ScalarEvent:
    style = None if literally else "|" if "\n" in text else '"' if _AMBIGUOUS.fullmatch(text) else None
    token = [CommentToken(f"# {comment}", CommentMark(0)), None] if comment else None
    # Of a text without characters, ruamel.yaml's emitter asks for the tag, which it then does not write.
    tag = None if text else Tag()
    return events.ScalarEvent(None, tag, (True, True), text, style=style, comment=token)


# What some reader of YAML, 1.1 or 1.2, may take for a number, a date, a truth value or nothing: 3.10 is not 3.1. The
# emitter itself knows which characters need quotes.
_AMBIGUOUS = re.compile(r"[-+]?[.\d][\w.:+-]*|true|false|yes|no|on|off|y|n|null|~|=|<<|!.*|", re.IGNORECASE)
