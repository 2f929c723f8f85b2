from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ecluse.run.trends import EARLIER, LegTrend, Ran, SlowTest, Trends, remember, trends
from tests.support.run_records import leg, record

BEGAN = "2026-11-27T10:00:00.000+00:00"


def keep(runs: Path, id: str, *legs: dict[str, Any], **fields: Any) -> Path:
    folder = runs / id
    (folder / "outputs").mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record(*legs, id=id, **fields)))
    return folder


def found_in(runs: Path) -> Trends:
    found = trends(runs)
    assert found is not None
    return found


def test_no_run_has_no_trends(tmp_path: Path) -> None:
    assert trends(tmp_path) is None


def test_leg_is_usual_by_the_median_of_what_passed(tmp_path: Path) -> None:
    for number, (status, seconds) in enumerate([("passed", 2), ("failed", 99), ("passed", 4), ("passed", 9)]):
        keep(tmp_path, str(number), leg("tests", status, seconds=seconds), ok=status == "passed")
    [tests] = found_in(tmp_path).legs
    assert tests.usual == 4 and tests.failed == 1 and [one.seconds for one in tests.ran] == [2, 99, 4, 9]
    assert found_in(tmp_path).passed == 3


def test_unchanged_leg_counts_and_has_no_duration(tmp_path: Path) -> None:
    keep(tmp_path, "1", leg("tests", seconds=5), leg("later", "skipped"))
    keep(tmp_path, "2", leg("tests", "cached", seconds=0))
    found = found_in(tmp_path)
    assert found.legs == [LegTrend("tests", (Ran("1", BEGAN, "passed", 5.0),), unchanged=1)]
    assert found.unchanged == 0.5


def test_longest_leg_comes_first(tmp_path: Path) -> None:
    keep(tmp_path, "1", leg("short", seconds=1), leg("broken", "failed", seconds=50), leg("long", seconds=9))
    assert [one.name for one in found_in(tmp_path).legs] == ["long", "short", "broken"]


def test_slowest_tests_are_those_of_the_last_execution(tmp_path: Path) -> None:
    for id, seconds in (("1", 8), ("2", 3)):
        outputs = [{"kind": "junit", "path": "outputs/junit.xml"}]
        folder = keep(tmp_path, id, leg("tests", outputs=outputs))
        case = f"<testsuite><testcase classname='a' name='b' time='{seconds}'/></testsuite>"
        (folder / "outputs/junit.xml").write_text(case)
    assert found_in(tmp_path).slowest == [SlowTest("tests", "a::b", 3.0)]


def test_deleted_run_stays_in_the_trends(tmp_path: Path) -> None:
    folder = keep(tmp_path, "1", leg("tests", seconds=5, log="logs/tests.log", outputs=[]))
    before = trends(tmp_path)
    remember(folder)
    remember(folder)  # two runs that delete the same one
    (folder / "run.json").unlink()
    assert trends(tmp_path) == before


def test_damaged_line_of_earlier_runs_is_left_out(tmp_path: Path) -> None:
    keep(tmp_path, "2", leg("tests"))
    whole = json.dumps(record(leg("tests"), id="1"))
    lines = [whole, "", "{", whole[:40], "[]", "[" * 100_000, json.dumps({"id": "1"}), "\udcff"]
    (tmp_path / EARLIER).write_text("\n".join(lines), encoding="utf-8", errors="surrogateescape")
    assert found_in(tmp_path).runs == 2


def test_damaged_record_is_not_remembered(tmp_path: Path) -> None:
    folder = keep(tmp_path, "1", leg("tests"))
    (folder / "run.json").write_text("{")
    remember(folder)
    assert trends(tmp_path) is None
