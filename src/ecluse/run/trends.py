"""Comparison of all runs that are remembered: how long each leg took, how much was unchanged, the slowest tests.

The last runs are kept whole. Of a run that is deleted, a line stays in ``earlier.jsonl``: its record without logs,
outputs and steps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from ecluse.machine import durable
from ecluse.run.outcome import Status
from ecluse.run.past import record_in, record_of, records, test_times

__all__ = ["LegTrend", "Ran", "SlowTest", "Trends", "remember", "trends"]

EARLIER = "earlier.jsonl"
"""The file with the deleted runs, beside the folders of the runs that are kept."""

_LINES = 500
"""Deleted runs that are remembered; the oldest go first."""

_TESTS = 20
"""Tests that are named: the slowest."""

_RUN = ("id", "title", "began", "seconds", "ok", "interrupted")
_LEG = ("name", "status", "reason", "seconds", "attempts")


@dataclass(frozen=True)
class Ran:
    """An execution of a leg: in which run, when that began (UTC, ISO 8601), how it ended, and its seconds."""

    run: str
    began: str
    status: Status
    seconds: float


@dataclass(frozen=True)
class LegTrend:
    """A leg of the pipeline, with its executions, the oldest first. Runs in which it was unchanged only count."""

    name: str
    ran: tuple[Ran, ...]
    unchanged: int

    @property
    def usual(self) -> float | None:
        """The median of the seconds that it took when it passed; None where it never did."""
        found = [one.seconds for one in self.ran if one.status == "passed"]
        return median(found) if found else None

    @property
    def failed(self) -> int:
        """The number of executions that failed."""
        return sum(1 for one in self.ran if one.status == "failed")


@dataclass(frozen=True)
class SlowTest:
    """A test of *leg* with the *seconds* that it took last."""

    leg: str
    test: str
    seconds: float


@dataclass(frozen=True)
class Trends:
    """The *legs* that ran, those that take longest first; the *slowest* tests of their last executions."""

    runs: int
    passed: int
    first: str
    last: str
    legs: Sequence[LegTrend] = field(default=())
    slowest: Sequence[SlowTest] = field(default=())

    @property
    def unchanged(self) -> float:
        """The share of the legs that were not run, because nothing had changed since they passed: 0 to 1."""
        unchanged = sum(leg.unchanged for leg in self.legs)
        return unchanged / (unchanged + sum(len(leg.ran) for leg in self.legs) or 1)


def trends(runs: Path) -> Trends | None:
    """The trends over the runs in *runs*; None where none has ended."""
    kept = records(runs)
    found = [*_earlier(runs), *kept]
    if not found:
        return None
    legs = sorted(_legs(found), key=lambda leg: leg.usual or 0.0, reverse=True)
    return Trends(
        runs=len(found),
        passed=sum(record["ok"] for record in found),
        first=found[0]["began"],
        last=found[-1]["began"],
        legs=legs,
        slowest=sorted(_tests(runs, kept), key=lambda test: test.seconds, reverse=True)[:_TESTS],
    )


def remember(folder: Path) -> None:
    """Write the run in *folder*, which is about to be deleted, into the file of earlier runs."""
    record = record_of(folder / "run.json")
    if record is None:
        return
    short = {name: record[name] for name in _RUN}
    short["legs"] = [{**{name: leg[name] for name in _LEG}, "outputs": []} for leg in record["legs"]]
    line = json.dumps(short, ensure_ascii=False)
    lines = [one for one in _lines(folder.parent) if one != line]  # another run removes the same one
    durable.write(folder.parent / EARLIER, "\n".join([*lines, line][-_LINES:]) + "\n")


def _earlier(runs: Path) -> Iterator[dict[str, Any]]:
    for line in _lines(runs):
        record = record_in(line)
        if record is not None:
            yield record


def _lines(runs: Path) -> list[str]:
    with suppress(OSError):
        return (runs / EARLIER).read_text(encoding="utf-8", errors="replace").splitlines()
    return []


def _legs(found: Sequence[Mapping[str, Any]]) -> Iterator[LegTrend]:
    ran: dict[str, list[Ran]] = {}
    unchanged: dict[str, int] = {}
    for record in found:
        for leg in record["legs"]:
            if leg["status"] in ("passed", "failed"):
                one = Ran(record["id"], record["began"], leg["status"], float(leg["seconds"]))
                ran.setdefault(leg["name"], []).append(one)
            elif leg["status"] == "cached":
                unchanged[leg["name"]] = unchanged.get(leg["name"], 0) + 1
    for name in dict.fromkeys((*ran, *unchanged)):
        yield LegTrend(name, tuple(ran.get(name, ())), unchanged.get(name, 0))


def _tests(runs: Path, kept: Sequence[Mapping[str, Any]]) -> Iterator[SlowTest]:
    """The tests of each leg, in the last of the runs that are kept whole in which it ran."""
    seen: set[str] = set()
    for record in reversed(kept):
        for leg in record["legs"]:
            if leg["status"] in ("passed", "failed") and leg["name"] not in seen:
                seen.add(leg["name"])
                for test, seconds in test_times(runs / record["id"], leg).items():
                    yield SlowTest(leg["name"], test, seconds)
