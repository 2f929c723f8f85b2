"""The tables of a project's TOML file, which may have anything in the place of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["strings", "table"]


def table(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The table of *values* at the path *names*; empty where none is there."""
    found: Any = values
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def strings(value: Any) -> list[str]:
    """The strings of the list *value*; none where it is another thing."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
