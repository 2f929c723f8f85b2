from __future__ import annotations

import json
from pathlib import Path

from ecluse.cli.cost import cost_of
from ecluse.definition.model import Event
from ecluse.definition.words import any_of, merge_group, pull_request, push
from ecluse.render.cost import bills
from tests.support.providers.pipelines import job, pipeline
from tests.support.run_records import leg, record

PULL_REQUEST = Event(kind="pull_request", branch="staging")
DEFINITION = pipeline(
    job("lint", together="quick", when=any_of(pull_request("staging"), merge_group("staging"))),
    job("types", together="quick", when=any_of(pull_request("staging"), merge_group("staging"))),
    job("tests", matrix={"python": ("3.12", "3.13")}),
    job("image", when=push("staging")),
)
SECONDS = {"lint": 20.0, "types": 60.0, "tests (3.12)": 31.0, "image": 600.0}


def test_each_provider_bills_by_its_own_rule() -> None:
    github, gitlab, travis = bills(DEFINITION, PULL_REQUEST, SECONDS)
    assert github.minutes == {"quick": 2, "tests (3.12)": 2, "gate": 1}
    assert gitlab.minutes == {"quick": 1.5, "tests (3.12)": 61 / 60}
    assert travis.minutes == {"quick": 2, "tests (3.12)": 2}
    assert (github.total, travis.total) == (5, 4)


def test_leg_that_no_run_has_measured_is_named_and_not_counted() -> None:
    for bill in bills(DEFINITION, PULL_REQUEST, SECONDS):
        assert bill.unknown == ("tests (3.13)",)


def test_joined_job_takes_half_the_sum_or_its_longest_job() -> None:
    longest = next(bills(DEFINITION, PULL_REQUEST, {"lint": 200.0, "types": 10.0}))
    half = next(bills(DEFINITION, PULL_REQUEST, {"lint": 200.0, "types": 180.0}))
    assert longest.minutes["quick"] == half.minutes["quick"] == 4


def test_event_costs_nothing_where_it_is_not_reported() -> None:
    found = list(bills(DEFINITION, Event(kind="merge_group", branch="staging"), SECONDS))
    assert [(bill.provider, bill.total) for bill in found] == [("GitHub Actions", 3)]


def test_push_that_a_queue_has_proved_costs_less(tmp_path: Path) -> None:
    checks = job("lint", when=any_of(merge_group("staging"), push("staging")), matrix={"python": ("3.12", "3.13")})
    definition = pipeline(checks, job("image", when=push("staging"), needs=("lint",)))
    seconds = {"lint (3.12)": 90.0, "lint (3.13)": 30.0, "image": 120.0}
    github, gitlab, _travis = bills(definition, Event(kind="push", branch="staging"), seconds)
    assert github.minutes == {"lint (3.12)": 2, "lint (3.13)": 1, "image": 3, "queue": 1}
    assert (github.total, github.saved, gitlab.saved) == (7, 3, 0)
    queued = next(bills(definition, Event(kind="merge_group", branch="staging"), seconds))
    assert queued.saved == 0 and "queue" not in queued.minutes


def test_cost_is_read_from_the_last_runs(tmp_path: Path) -> None:
    run = tmp_path / ".ecluse" / "runs" / "1"
    run.mkdir(parents=True)
    legs = [leg(name, seconds=seconds) for name, seconds in SECONDS.items()]
    (run / "run.json").write_text(json.dumps(record(*legs)))
    text = cost_of(tmp_path, DEFINITION, PULL_REQUEST, as_json=False)
    assert text.startswith("pull request to staging\n\nGitHub Actions: at least 5 minutes\n")
    assert "not counted, since no run here has measured them: tests (3.13)" in text
    assert json.loads(cost_of(tmp_path, DEFINITION, PULL_REQUEST, as_json=True))[0]["minutes"] == 5
