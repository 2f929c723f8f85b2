"""The preflight of a release: what it is asked, and its report, read from the line of JSON that it prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ecluse.definition.model import Environment
from ecluse.deploy.contract import Migration, Preflight
from ecluse.migrations.report_mark import MARK

__all__ = ["asked", "facts", "preflight"]


def asked(environment: Environment) -> list[str]:
    """The arguments of a preflight that say which of Django's checks refuse a release in *environment*."""
    if not environment.faces_world:
        return []
    return ["--deploy", *(f"--known={name}" for name in environment.known_warnings)]


def preflight(lines: Sequence[str]) -> Preflight | None:
    """The findings in *lines*; None where no line has them."""
    found = _read(lines)
    if found is None:
        return None
    pending = tuple(
        Migration(
            one["name"],
            one["sql"],
            tuple(one["unsafe"]),
            database=one["database"],
            locks=tuple(one["locks"]),
            notes=tuple(one["notes"]),
            one_way=tuple(one["one_way"]),
        )
        for one in found["pending"]
    )
    behind = None if found["behind"] is None else tuple(found["behind"])
    return Preflight(pending, frozenset(found["unknown"]), behind, tuple(found["how"]), tuple(found["lost"]))


def facts(lines: Sequence[str]) -> bytes:
    """The facts that the release reports about itself, for the preflight of the release that comes after it."""
    found = _read(lines)
    return json.dumps(found["facts"] if found else None).encode()


def _read(lines: Sequence[str]) -> dict[str, Any] | None:
    line = next((line for line in reversed(lines) if line.startswith(MARK)), None)
    return None if line is None else json.loads(line.removeprefix(MARK))
