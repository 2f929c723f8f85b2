from __future__ import annotations

from pathlib import Path

from ecluse.deploy.last_backup import LastBackup


def test_failure_leaves_the_last_proof_as_it_was(tmp_path: Path) -> None:
    assert LastBackup.read(tmp_path) == LastBackup()
    LastBackup.note_failure(tmp_path, "no such folder", 5)
    assert LastBackup.read(tmp_path) == LastBackup(failed=5, why="no such folder")
    LastBackup.note_proof(tmp_path, "b1", 10)
    LastBackup.note_failure(tmp_path, "away", 20)
    assert LastBackup.read(tmp_path) == LastBackup(id="b1", proved=10, failed=20, why="away")
    LastBackup.note_proof(tmp_path, "b2", 30)
    assert LastBackup.read(tmp_path).as_json() == {"id": "b2", "proved": 30, "failed": None, "why": ""}


def test_note_of_another_version_is_none(tmp_path: Path) -> None:
    (tmp_path / "last-backup.json").write_text('{"other": 1}')
    assert LastBackup.read(tmp_path) == LastBackup()
