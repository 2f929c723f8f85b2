"""The overview of an environment that is watched: charts and figures for a time, and the rollouts in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ecluse.monitoring.charts import Chart
from ecluse.monitoring.past_hour import Course

__all__ = ["Overview", "PastRollout"]


@dataclass(frozen=True)
class PastRollout:
    """A rollout of *release*: when it *began* and *ended*, seconds since the epoch, and its *outcome*."""

    release: str
    outcome: str
    began: float
    ended: float


@dataclass(frozen=True)
class Overview:
    """The *environment* from *begin* to *end*, seconds since the epoch. *figures* are those of policies, over the past
    hour.
    """

    environment: str
    begin: float
    end: float
    charts: Sequence[Chart]
    figures: Sequence[Course]
    rollouts: Sequence[PastRollout]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> Overview:
        """The overview that :meth:`as_json` gave."""
        parts = {
            "charts": [Chart.from_json(one) for one in value["charts"]],
            "figures": [Course(**one) for one in value["figures"]],
            "rollouts": [PastRollout(**one) for one in value["rollouts"]],
        }
        return cls(**{**value, **parts})
