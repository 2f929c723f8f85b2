"""How long a run will still take, by how long its legs took last time."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping

from ecluse.definition.plan import Plan

__all__ = ["in_words", "remaining"]


def remaining(
    plan: Plan, expected: Mapping[str, float], elapsed: Mapping[str, float], ended: Collection[str], workers: int
) -> float | None:
    """The seconds until all legs of *plan* have ended; None where one that has not ended was never measured.

    *expected* are the seconds that legs took last time, *elapsed* those since a leg began, *ended* the names of legs
    that have. The legs are played through: each starts when its needs are met and one of the *workers* is free.
    """
    left = [leg for leg in plan.running if leg.name not in ended]
    if any(leg.name not in expected for leg in left):
        return None
    finished: dict[str, float] = {}
    free = [0.0] * workers
    for leg in sorted(left, key=lambda leg: leg.name not in elapsed):
        ready = max((time for name, time in finished.items() if name in leg.job.needs), default=0.0)
        begin = max(heapq.heappop(free), ready)
        end = begin + max(expected[leg.name] - elapsed.get(leg.name, 0.0), 0.0)
        heapq.heappush(free, end)
        finished[leg.job.name] = max(end, finished.get(leg.job.name, 0.0))
    return max(finished.values(), default=0.0)


def in_words(seconds: float) -> str:
    """*seconds* as people say them: ``8 s``, ``2 min 05 s``, ``1 h 02 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
