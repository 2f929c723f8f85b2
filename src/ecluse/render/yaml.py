"""YAML as people write it: block style, keys in the order given, a comment where it helps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

__all__ = ["Commented", "dump", "flow"]


class Commented:
    """A *value* with a *comment* at the end of its line."""

    def __init__(self, value: str, comment: str) -> None:
        self.value = value
        self.comment = comment


def flow(values: Sequence[str]) -> CommentedSeq:
    """*values* on one line, in brackets."""
    made = CommentedSeq(_node(value) for value in values)
    made.fa.set_flow_style()
    return made


def dump(document: Mapping[str, object], header: str) -> str:
    """*document* as YAML below *header*, each of whose lines becomes a comment."""
    yaml = YAML()
    yaml.width = 4096  # a line is as long as what it says: folded expressions are hard to read and to search
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(_node(document), stream)
    return "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines()) + stream.getvalue()


def _node(value: object) -> object:
    match value:
        case CommentedSeq():
            return value
        case Mapping():
            made = CommentedMap()
            for key, item in value.items():
                made[key] = _node(item.value if isinstance(item, Commented) else item)
                if isinstance(item, Commented):
                    made.yaml_add_eol_comment(item.comment, key, column=0)
            return made
        case str():
            if "\n" in value:
                return LiteralScalarString(value)
            return DoubleQuotedScalarString(value) if _ambiguous(value) or value.startswith("! ") else value
        case Sequence():
            return CommentedSeq(_node(item) for item in value)
        case _:
            return value


# What some reader of YAML takes for a number, a truth value or nothing: 3.10 is not 3.1, and a port is not base 60.
_AMBIGUOUS = re.compile(r"[\d.:]+|true|false|yes|no|on|off|null|~", re.IGNORECASE)


def _ambiguous(value: str) -> bool:
    return _AMBIGUOUS.fullmatch(value) is not None
