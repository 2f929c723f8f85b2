from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.deploy.last_backup import LastBackup


def test_failure_leaves_the_last_proof_as_it_was(tmp_path: Path) -> None:
    assert LastBackup.read(tmp_path) == LastBackup()
    LastBackup.note_failure(tmp_path, "no such folder", 5, tried=4)
    assert LastBackup.read(tmp_path) == LastBackup(tried=4, failed=5, why="no such folder")
    LastBackup.note_proof(tmp_path, "b1", 10, saved=8)
    LastBackup.note_failure(tmp_path, "away", 20, tried=None)
    assert LastBackup.read(tmp_path) == LastBackup(id="b1", saved=8, proved=10, failed=20, why="away")
    LastBackup.note_proof(tmp_path, "b2", 30, saved=28)
    assert LastBackup.read(tmp_path) == LastBackup(id="b2", saved=28, proved=30)


def test_proof_of_an_old_backup_hides_no_failure_to_save(tmp_path: Path) -> None:
    LastBackup.note_proof(tmp_path, "b1", 10, saved=8)
    LastBackup.note_failure(tmp_path, "away", 21, tried=20)
    LastBackup.note_proof(tmp_path, "b1", 30, saved=8)
    assert LastBackup.read(tmp_path) == LastBackup(id="b1", saved=8, proved=30, tried=20, failed=21, why="away")
    LastBackup.note_proof(tmp_path, "b2", 40, saved=20)
    assert LastBackup.read(tmp_path) == LastBackup(id="b2", saved=20, proved=40)


@pytest.mark.parametrize("note", ['{"other": 1}', '{"proved": "x"}', '{"id": 7}', '{"failed": -1}'])
def test_note_that_is_damaged_or_of_another_version_is_none(tmp_path: Path, note: str) -> None:
    (tmp_path / "last-backup.json").write_text(note)
    assert LastBackup.read(tmp_path) == LastBackup()
