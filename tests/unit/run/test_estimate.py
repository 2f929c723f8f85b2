from __future__ import annotations

import pytest

from ecluse.definition.model import Event
from ecluse.definition.plan import plan
from ecluse.run.estimate import in_words, remaining
from tests.support.providers.pipelines import job, pipeline

PLAN = plan(
    pipeline(job("lint"), job("unit"), job("site"), job("gate", needs=("lint", "unit"))),
    Event(kind="pull_request", branch="staging"),
)
EXPECTED = {"lint": 10.0, "unit": 30.0, "site": 20.0, "gate": 5.0}


@pytest.mark.parametrize(("workers", "seconds"), [(1, 65), (2, 35), (9, 35)])
def test_rest_of_a_run_is_played_through(workers: int, seconds: float) -> None:
    assert remaining(PLAN, EXPECTED, {}, (), workers) == seconds


def test_rest_of_a_run_shrinks_as_its_legs_go_on_and_end() -> None:
    assert remaining(PLAN, EXPECTED, {"unit": 12.0, "site": 2.0}, ("lint",), 2) == 23
    assert remaining(PLAN, EXPECTED, {"gate": 7.0}, ("lint", "unit", "site"), 2) == 0


def test_leg_that_was_never_measured_leaves_the_rest_open() -> None:
    assert remaining(PLAN, {**EXPECTED, "new": 1.0}, {}, (), 2) == 35
    assert remaining(PLAN, {"lint": 1.0}, {}, (), 2) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (3725, "1 h 02 min")],
)
def test_seconds_are_reported_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
