"""``ecluse runs``."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.run_records import leg, record


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pipeline.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def keep(top: Path, id: str, ago: timedelta, seconds: float, *failed: str, interrupted: bool = False) -> None:
    folder = top / ".ecluse" / "runs" / id
    folder.mkdir(parents=True)
    kept = record(
        leg("lint"),
        *(leg(name, "failed") for name in failed),
        id=id,
        title="pull request to staging",
        began=(datetime.now(UTC) - ago).isoformat(),
        seconds=seconds,
        ok=not failed and not interrupted,
        interrupted=interrupted,
    )
    (folder / "run.json").write_text(json.dumps(kept))


def test_runs_are_listed_with_time_duration_and_end(top: Path, ecluse: Callable[..., Any]) -> None:
    keep(top, "20261126-0412", timedelta(days=1, hours=2), 3725, "unit", "site")
    keep(top, "20261127-0412", timedelta(minutes=5), 42.3)
    keep(top, "20261127-0413", timedelta(seconds=3), 0.4, interrupted=True)
    (top / ".ecluse/runs/20261127-0414").mkdir()  # still running
    assert ecluse("runs").out.splitlines() == [
        "20261126-0412       1 day ago   1 h 02 min  pull request to staging  failed: unit, site",
        "20261127-0412   5 minutes ago         42 s  pull request to staging  passed",
        "20261127-0413        just now          0 s  pull request to staging  interrupted",
    ]


def test_runs_as_json_name_the_failed_legs(top: Path, ecluse: Callable[..., Any]) -> None:
    keep(top, "20261126-0412", timedelta(days=1), 60, "unit")
    [found] = json.loads(ecluse("runs", "--json").out)
    assert found["failed"] == ["unit"] and found["seconds"] == 60 and not found["ok"]


def test_damaged_record_of_a_run_is_left_out(top: Path, ecluse: Callable[..., Any]) -> None:
    keep(top, "20261126-0412", timedelta(days=1), 60)
    (top / ".ecluse/runs/20261126-0412/run.json").write_text("{")
    done = ecluse("runs")
    assert done.code == 13 and "there is no run yet" in done.err
    done = ecluse("report")
    assert done.code == 13 and "the record of this run is damaged" in done.err


def test_trends_show_each_job_in_text_page_and_json(top: Path, ecluse: Callable[..., Any]) -> None:
    (top / "pipeline.py").write_text(
        "from ecluse import Job, Pipeline, command\n"
        'pipeline = Pipeline(name="shop", jobs=(Job(name="lint", steps=(command("true"),)),))\n'
    )
    keep(top, "20261126-0412", timedelta(days=1), 60, "lint")
    keep(top, "20261127-0412", timedelta(minutes=5), 60)
    done = ecluse("report", "--trends")
    assert "2 runs from " in done.out and "lint " in done.out
    assert done.out.splitlines()[-1] == str(top / ".ecluse/runs/trends.html")
    assert "<title>Trends · shop</title>" in (top / ".ecluse/runs/trends.html").read_text()
    found = json.loads(ecluse("report", "--trends", "--json").out)
    assert [leg["name"] for leg in found["legs"]] == ["lint"] and found["runs"] == 2


def test_trends_refuse_the_name_of_a_run(top: Path, ecluse: Callable[..., Any]) -> None:
    assert "name none" in ecluse("report", "20261126", "--trends").err


def test_trends_without_a_run_name_the_command_that_makes_one(top: Path, ecluse: Callable[..., Any]) -> None:
    assert "there is no run yet" in ecluse("report", "--trends").err
