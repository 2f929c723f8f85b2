"""The files that adopting wrote."""

from __future__ import annotations

from pathlib import Path

from ecluse.adopt import written_files


def test_written_file_is_deleted_and_edited_one_kept(tmp_path: Path) -> None:
    written_files.remember(tmp_path, {"pipeline.py": "a\n", "requirements/ecluse-site.txt": "b\n"})
    assert not written_files.changed_since(tmp_path, "pipeline.py")
    (tmp_path / "pipeline.py").write_text("edited\n", encoding="utf-8")
    assert written_files.changed_since(tmp_path, "pipeline.py")
    assert written_files.forget(tmp_path) == (["requirements/ecluse-site.txt"], ["pipeline.py"])


def test_line_in_gitignore_is_taken_out(tmp_path: Path) -> None:
    written_files.remember(tmp_path, {".gitignore": "*.pyc\n/.ecluse/\n"})
    assert written_files.forget(tmp_path) == ([], [])
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "*.pyc\n"


def test_file_of_somebody_else_counts_as_edited(tmp_path: Path) -> None:
    (tmp_path / "pipeline.py").write_text("theirs\n", encoding="utf-8")
    assert written_files.changed_since(tmp_path, "pipeline.py")
    assert not written_files.changed_since(tmp_path, "gone.py")
