"""``ecluse clean``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DELETED = (
    ".ecluse/runs/1/run.json",
    ".ecluse/cache/pythons.json",
    ".tox/lint/bin/python",
    "cache/ecluse/clusters/1",
    "cache/ecluse/empty.tar",
)
KEPT = (
    ".ecluse/runs/2/output",
    ".ecluse/releases/1.tar.gz",
    ".ecluse/environments/local/data/PG_VERSION",
    ".ecluse/tool/bin/python",
    "cache/other/file",
    "cache/ecluse/postgres-18.6/bin/postgres",
    "pipeline.py",
)


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (*DELETED, *KEPT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x" * 100_000)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def left(top: Path) -> set[str]:
    return {name for name in (*DELETED, *KEPT) if (top / name).exists()}


def test_clean_deletes_what_later_runs_make_again(top: Path, ecluse: Callable[..., Any]) -> None:
    result = ecluse("clean")
    assert result.code == 0 and left(top) == set(KEPT)
    assert result.out.splitlines()[-1] == "     0.5 MB  are freed"


def test_dry_run_of_clean_deletes_nothing(top: Path, ecluse: Callable[..., Any]) -> None:
    result = ecluse("clean", "--dry-run")
    assert f"{top}/.tox" in result.out and left(top) == {*DELETED, *KEPT}


def test_folder_behind_a_link_is_kept(top: Path, ecluse: Callable[..., Any]) -> None:
    (top / ".tox").rename(top / "elsewhere")
    (top / ".tox").symlink_to("elsewhere")
    assert ecluse("clean").code == 0
    assert (top / "elsewhere" / "lint" / "bin" / "python").exists()
