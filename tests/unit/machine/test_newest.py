from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ecluse.machine.newest import newest_first


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
