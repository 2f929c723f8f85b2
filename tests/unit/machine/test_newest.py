from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from ecluse.machine.newest import delete_abandoned, newest_first


def test_paths_are_sorted_by_their_age(tmp_path: Path) -> None:
    for age, name in enumerate("cab"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    assert [path.name for path in newest_first(tmp_path.iterdir())] == ["c", "a", "b"]


def test_path_that_another_process_deletes_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()

    def listed() -> Iterator[Path]:
        for path in sorted(tmp_path.iterdir()):
            (tmp_path / "b").unlink(missing_ok=True)
            yield path

    assert newest_first(listed()) == [tmp_path / "a"]


def test_folder_that_somebody_abandoned_is_deleted(tmp_path: Path) -> None:
    for name, age in (("young", 60), ("old", 2 * 24 * 60 * 60)):
        (tmp_path / name / "inside").mkdir(parents=True)
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    delete_abandoned((*tmp_path.iterdir(), tmp_path / "gone"))
    assert [path.name for path in tmp_path.iterdir()] == ["young"]
