from __future__ import annotations

from pathlib import Path

from ecluse.providers.github.summary import add
from ecluse.secrets import Secret


def test_summary_is_added_to_the_file_that_github_names(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    add({"GITHUB_STEP_SUMMARY": str(file)}, "### after\n")
    assert file.read_text() == "before\n### after\n"


def test_summary_masks_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    Secret("correct horse")
    add({"GITHUB_STEP_SUMMARY": str(file)}, "of correct horse\n")
    assert file.read_text() == "of [REDACTED]\n"


def test_summary_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    add({"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "such" / "folder")}, "### after\n")
    add({}, "### after\n")
