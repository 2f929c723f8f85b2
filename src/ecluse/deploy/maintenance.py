"""The maintenance page, in place of the site: who asked for it, and since when.

Health addresses go on telling the truth, rollouts go on, and neither a rollout nor a restart takes the page away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

from ecluse.machine.durable import is_time

__all__ = ["Maintenance", "page"]


@dataclass(frozen=True, kw_only=True)
class Maintenance:
    """Visitors get the page: *by* asked for it, *since* is when, in seconds since the epoch."""

    by: str
    since: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Maintenance:
        """Raises TypeError where *value* is none."""
        found = cls(**value)
        if not (isinstance(found.by, str) and is_time(found.since)):
            raise TypeError("this does not say who asked for the page, and when")
        return found


def page() -> str:
    """The page that visitors get: in French and in English. It loads nothing else."""
    return resources.files("ecluse.deploy").joinpath("maintenance.html").read_text(encoding="utf-8")
