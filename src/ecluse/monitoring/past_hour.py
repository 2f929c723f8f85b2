"""The figures of this machine as Prometheus has them: over the past hour, and of its programs now."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from ecluse.monitoring.figures import FIGURES, PROGRAMS, series
from ecluse.monitoring.loopback import PROMETHEUS, ask

__all__ = ["Course", "RunningProgram", "courses", "programs"]

HOUR, STEP = 3600, 120
"""Seconds that are shown, and seconds between two values."""

_COUNT = "sum by (groupname) (namedprocess_namegroup_num_procs)"


@dataclass(frozen=True)
class Course:
    """The *values* of *figure* over the past hour, the newest last, in its unit; *of* is the disk, site or other part
    that they are of, empty for the machine.
    """

    figure: str
    of: str
    unit: str
    values: Sequence[float]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class RunningProgram:
    """A program that runs: in how many *processes*, with which share of one core (*processor*, %, a mean of 5 minutes)
    and how many bytes of *memory*.
    """

    name: str
    processes: int
    processor: float
    memory: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def courses() -> list[Course]:
    """The figures that are known here. Raises TargetError where Prometheus is away."""
    now = time.time()
    asked = {"query": '{__name__=~"ecluse:.*"}', "start": now - HOUR, "end": now, "step": STEP}
    found = ask(PROMETHEUS, f"/api/v1/query_range?{urlencode(asked)}")["data"]["result"]
    order = {series(name): name for name in FIGURES}
    names = list(order)
    known = [one for one in found if one["metric"]["__name__"] in order]
    known.sort(key=lambda one: (names.index(one["metric"]["__name__"]), sorted(one["metric"].items())))
    return [_course(order[one["metric"]["__name__"]], one) for one in known]


def programs(most: int) -> list[RunningProgram]:
    """The *most* programs that take most memory, and those that take most of the processor. Raises TargetError where
    Prometheus is away.
    """
    memory, processor, count = map(dict, map(_now, (PROGRAMS["memory"], PROGRAMS["processor"], _COUNT)))
    biggest = {name for of in (memory, processor) for name in sorted(of, key=of.__getitem__, reverse=True)[:most]}
    found = [
        RunningProgram(name, int(count.get(name, 0)), processor.get(name, 0), memory.get(name, 0)) for name in biggest
    ]
    return sorted(found, key=lambda one: (-one.memory, one.name))


def _course(figure: str, found: Any) -> Course:
    of = ", ".join(found["metric"].get(label, "") for label in FIGURES[figure].labels)
    return Course(figure, of, FIGURES[figure].unit, [float(value) for _, value in found["values"]])


def _now(query: str) -> Iterator[tuple[str, float]]:
    for one in ask(PROMETHEUS, f"/api/v1/query?{urlencode({'query': query})}")["data"]["result"]:
        yield one["metric"]["groupname"], float(one["value"][1])
