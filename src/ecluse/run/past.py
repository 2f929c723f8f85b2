"""Comparison of a run with earlier ones: tests that failed on the same inputs, legs and tests that became slower."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from ecluse.machine.durable import is_time
from ecluse.run import junit
from ecluse.run.outcome import Outcome, Run, Status
from ecluse.run.pieces import tests_of

__all__ = ["Flake", "Slower", "flaky", "record_in", "record_of", "records", "slower", "test_times"]

# Slower is what takes this many times as long, and these seconds more: less is the machine's mood.
_TIMES = 1.3
_SECONDS = {"leg": 3.0, "test": 0.5}

# The fields that every version has written, and that are read again.
_RECORD: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "title": str,
    "began": str,
    "seconds": (int, float),
    "ok": bool,
    "interrupted": bool,
    "legs": list,
}
_LEG: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "status": str,
    "reason": str,
    "seconds": (int, float),
    "attempts": int,
    "outputs": list,
}

# Of the legs and of the tests that became slower: the worst.
_WORST = 10


@dataclass(frozen=True)
class Flake:
    """A test of *leg* (empty: the leg as a whole) that passed on the inputs on which it had failed. *when*: where."""

    leg: str
    test: str
    when: str


@dataclass(frozen=True)
class Slower:
    """A leg, or a *test* of it, with its seconds *now* and *before*."""

    leg: str
    test: str
    now: float
    before: float


def records(runs: Path) -> list[dict[str, Any]]:
    """The records of the runs in *runs* that have ended, the oldest first; damaged ones are left out."""
    return [record for path in sorted(runs.glob("*/run.json")) if (record := record_of(path)) is not None]


def record_of(path: Path) -> dict[str, Any] | None:
    """The record of a run that stands at *path*; None where it is damaged."""
    with suppress(OSError, ValueError):
        return record_in(path.read_text(encoding="utf-8"))
    return None


def record_in(text: str) -> dict[str, Any] | None:
    """The record of a run that *text* is, as JSON; None where it is damaged."""
    with suppress(ValueError, OverflowError, RecursionError):
        record = json.loads(text)
        if _has(record, _RECORD) and record["legs"] and all(_has(leg, _LEG) for leg in record["legs"]):
            times = (record["seconds"], *(leg["seconds"] for leg in record["legs"]))
            began = datetime.fromisoformat(record["began"]).timestamp()
            if all(map(is_time, (began, *times))) and all(map(_is_whole, record["legs"])):
                return dict(record)
    return None


def _is_whole(leg: Mapping[str, Any]) -> bool:
    """Whether the status is one that we write, and each output has a path and a kind."""
    outputs = all(_has(output, {"path": str, "kind": str}) for output in leg["outputs"])
    return outputs and leg["status"] in get_args(Status)


def _has(value: object, shape: Mapping[str, type | tuple[type, ...]]) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), kind) for name, kind in shape.items())


def flaky(run: Run, past: Sequence[Mapping[str, Any]]) -> list[Flake]:
    """The tests that failed, then passed, on the same inputs: in an earlier attempt, or in one of the *past* runs."""
    return [
        flake for outcome in run.outcomes.values() if outcome.status == "passed" for flake in _flakes(outcome, past)
    ]


def _flakes(outcome: Outcome, past: Sequence[Mapping[str, Any]]) -> Iterator[Flake]:
    name = outcome.leg.name
    if outcome.attempts > 1:
        for test in outcome.flaky or ("",):
            yield Flake(name, test, f"passed on attempt {outcome.attempts}")
    seen = set(outcome.flaky)
    for record in reversed(past):
        for leg in record["legs"]:
            same = outcome.inputs and leg["name"] == name and leg.get("inputs") == outcome.inputs
            if same and leg["status"] == "failed":
                for test in leg.get("failed_tests") or [""]:
                    if test not in seen:
                        seen.add(test)
                        yield Flake(name, test, f"failed in run {record['id']}")


def slower(run: Run, past: Sequence[Mapping[str, Any]], runs: Path) -> list[Slower]:
    """The legs, then the tests, that took clearly longer than when they last passed; *runs* has the runs of *past*."""
    legs: list[Slower] = []
    tests: list[Slower] = []
    for outcome in run.outcomes.values():
        before = _last_passed(outcome.leg.name, past)
        if outcome.status != "passed" or before is None:
            continue
        record, leg = before
        legs += _longer(outcome.leg.name, {"": outcome.seconds}, {"": leg["seconds"]}, _SECONDS["leg"])
        now = {name: seconds for report in tests_of(outcome) for name, seconds in report.times.items()}
        tests += _longer(outcome.leg.name, now, test_times(runs / record["id"], leg), _SECONDS["test"])
    return [*_worst(legs), *_worst(tests)]


def test_times(folder: Path, leg: Mapping[str, Any]) -> dict[str, float]:
    """The seconds of each test that *leg* ran in the run in *folder*, by the test's name."""
    found: dict[str, float] = {}
    for output in leg.get("outputs", ()):
        if output["kind"] == "junit" and (report := junit.read(folder / output["path"])) is not None:
            found |= report.times
    return found


def _last_passed(name: str, past: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    for record in reversed(past):
        for leg in record["legs"]:
            if leg["name"] == name and leg["status"] == "passed":
                return record, leg
    return None


def _longer(leg: str, now: Mapping[str, float], before: Mapping[str, float], more: float) -> Iterator[Slower]:
    for test, seconds in now.items():
        was = before.get(test)
        if was is not None and seconds > was * _TIMES and seconds - was > more:
            yield Slower(leg, test, seconds, was)


def _worst(found: list[Slower]) -> list[Slower]:
    return sorted(found, key=lambda one: one.before - one.now)[:_WORST]
