from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ecluse.definition.model import Output
from ecluse.run.outcome import Run
from ecluse.run.past import Flake, Slower, flaky, records, slower
from tests.support.doubles.runs import ended
from tests.support.providers.pipelines import job, pipeline
from tests.support.run_records import leg, record

PIPELINE = pipeline(job("lint"), job("tests", outputs=(Output(path="junit.xml", kind="junit"),)))


def passed(folder: Path, seconds: float, **changes: Any) -> Run:
    """A run whose leg ``tests`` passed; its test ``a::b`` took *seconds*, the leg ten times as long."""
    times = f"<testsuite><testcase classname='a' name='b' time='{seconds}'/></testsuite>"
    run = ended(PIPELINE, folder / "now", {}, outputs={"tests": {"junit.xml": times}})
    outcome = replace(run.outcomes["tests"], seconds=seconds * 10, **changes)
    return replace(run, outcomes={**run.outcomes, "tests": outcome})


def before(folder: Path, status: str, inputs: str, seconds: float) -> None:
    home = folder / "before"
    (home / "outputs").mkdir(parents=True)
    (home / "outputs/junit.xml").write_text(
        f"<testsuite><testcase classname='a' name='b' time='{seconds}'/></testsuite>"
    )
    outputs = [{"kind": "junit", "path": "outputs/junit.xml"}]
    tests = leg("tests", status, inputs=inputs, seconds=seconds * 10, failed_tests=["a::b"], outputs=outputs)
    (home / "run.json").write_text(json.dumps(record(tests, id="before")))


def test_test_that_failed_on_the_same_inputs_is_flaky(tmp_path: Path) -> None:
    before(tmp_path, "failed", "same", 1)
    assert flaky(passed(tmp_path, 1, inputs="same"), records(tmp_path)) == [
        Flake("tests", "a::b", "failed in run before")
    ]


def test_test_that_failed_on_other_inputs_is_not_flaky(tmp_path: Path) -> None:
    before(tmp_path, "failed", "other", 1)
    assert flaky(passed(tmp_path, 1, inputs="same"), records(tmp_path)) == []


def test_unknown_inputs_are_never_the_same(tmp_path: Path) -> None:
    before(tmp_path, "failed", "", 1)
    assert flaky(passed(tmp_path, 1, inputs=""), records(tmp_path)) == []


def test_test_that_passed_on_a_later_attempt_is_flaky(tmp_path: Path) -> None:
    run = passed(tmp_path, 1, attempts=2, flaky=("a::b",))
    assert flaky(run, []) == [Flake("tests", "a::b", "passed on attempt 2")]


def test_leg_and_test_that_took_longer_are_named(tmp_path: Path) -> None:
    before(tmp_path, "passed", "other", 1)
    assert slower(passed(tmp_path, 2), records(tmp_path), tmp_path) == [
        Slower("tests", "", 20, 10),
        Slower("tests", "a::b", 2, 1),
    ]


def test_small_difference_of_durations_is_not_named(tmp_path: Path) -> None:
    before(tmp_path, "passed", "other", 1)
    assert slower(passed(tmp_path, 1.2), records(tmp_path), tmp_path) == []


def test_damaged_record_is_left_out_of_the_past(tmp_path: Path) -> None:
    before(tmp_path, "passed", "other", 1)
    whole = json.loads((tmp_path / "before/run.json").read_text())
    damaged = ["{", "[]", *(json.dumps({**whole, name: None}) for name in whole), json.dumps({**whole, "legs": [{}]})]
    damaged += [json.dumps({**whole, "began": began}) for began in ("yesterday", "0001-01-01T00:00:00")]
    (leg,) = whole["legs"]
    for change in (
        {"status": "odd"},
        {"outputs": [7]},
        {"outputs": [{"path": 7, "kind": "junit"}]},
        {"seconds": 1e308},
    ):
        damaged.append(json.dumps({**whole, "legs": [{**leg, **change}]}))
    for number, text in enumerate(damaged):
        (tmp_path / f"broken{number}").mkdir()
        (tmp_path / f"broken{number}/run.json").write_text(text)
    assert [record["id"] for record in records(tmp_path)] == ["before"]
