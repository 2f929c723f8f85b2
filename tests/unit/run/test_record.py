from __future__ import annotations

import json
from pathlib import Path

from ecluse.run.record import as_data, durations, write
from tests.support.doubles.runs import ended
from tests.support.providers.pipelines import RELEASES, job, pipeline
from tests.support.run_records import leg, record


def test_run_record_is_json_with_every_leg(tmp_path: Path) -> None:
    run = ended(RELEASES, tmp_path / "run", {"lint": "failed"})
    data = json.loads(json.dumps(as_data(run)))
    assert data["ok"] is False
    assert [leg["name"] for leg in data["legs"]] == [leg.name for leg in run.plan.legs]


def test_run_json_is_written_after_all_other_records(tmp_path: Path) -> None:
    run = ended(pipeline(job("lint")), tmp_path / "run", {})
    write(run)
    written = {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir() if path.is_file()}
    assert written.keys() == {"run.json", "junit.xml", "report.html"}
    assert max(written, key=lambda name: (written[name], name == "run.json")) == "run.json"


def test_expected_duration_of_a_leg_is_its_last_duration(tmp_path: Path) -> None:
    runs = {
        "2026-1": [("lint", "passed", 5), ("unit", "failed", 7)],
        "2026-2": [("lint", "passed", 3), ("unit", "cached", 0)],
    }
    for name, legs in runs.items():
        (tmp_path / name).mkdir()
        rows = [leg(job, status, seconds=seconds) for job, status, seconds in legs]
        (tmp_path / name / "run.json").write_text(json.dumps(record(*rows)))
    (tmp_path / "2026-3").mkdir()
    (tmp_path / "2026-3" / "run.json").write_text("{broken")
    assert durations(tmp_path) == {"lint": 3, "unit": 7}
