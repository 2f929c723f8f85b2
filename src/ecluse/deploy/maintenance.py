"""A page in place of the site, on demand: who said so, and since when.

Health addresses go on telling the truth, rollouts go on, and neither a rollout nor a restart takes the page away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

__all__ = ["Maintenance", "page"]


@dataclass(frozen=True, kw_only=True)
class Maintenance:
    """*by* has put the page in the site's place; *since* is in seconds since the epoch."""

    by: str
    since: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Maintenance:
        """Raises TypeError where *value* is none."""
        return cls(**value)


def page() -> str:
    """The page of a target that has none of its own: in French and in English, and it loads nothing."""
    return resources.files("ecluse.deploy").joinpath("maintenance.html").read_text(encoding="utf-8")
