"""``ecluse backups`` and ``restore``, on a toy target and a repository in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecluse.backup.vault import Vault
from ecluse.cli import backup as module
from ecluse.definition.backups import Backup
from ecluse.deploy.last_backup import LastBackup
from tests.support.doubles import toys
from tests.support.doubles.backups import MemoryRestic
from tests.unit.backup.test_manifest import MANIFEST
from tests.unit.cli.test_rollout import PIPELINE

Run = Callable[..., Any]


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """The backups of the environment ``local``, whose repository is in memory."""
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    monkeypatch.chdir(tmp_path)
    toys.registered(monkeypatch).folder = tmp_path
    restic: Any = MemoryRestic(tmp_path / "copies")
    monkeypatch.setattr(module, "Restic", lambda repository, variables, cache: restic)
    monkeypatch.setattr(module, "_policy", lambda session: Backup(repository="/srv/vault"))
    return Vault(restic, "local")


def test_environment_without_backup_names_the_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ecluse: Run
) -> None:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    monkeypatch.chdir(tmp_path)
    toys.registered(monkeypatch)
    done = ecluse("backup", "local")
    assert done.code == 17 and "backup=Backup(repository=" in done.err


def test_no_backup_yet_names_the_command_that_makes_one(vault: Vault, ecluse: Run) -> None:
    done = ecluse("backups", "local")
    assert done.code == 17 and "hint:  ./ecluse backup local" in done.err


def test_backups_are_listed_with_their_verdict(vault: Vault, ecluse: Run) -> None:
    vault.keep(MANIFEST)
    assert ecluse("backups", "local").out.endswith("15 bytes  release r1  not proved\n")
    vault.note(MANIFEST.id, good=True, why="")
    [line] = ecluse("backups", "local").out.splitlines()
    said = f"{MANIFEST.id}  2026-11-27 04:00 UTC    15 bytes  release r1  proved "
    assert line.startswith(said) and line.endswith((" ago", " now"))
    [listed] = json.loads(ecluse("backups", "local", "--json").out)
    assert listed["id"] == MANIFEST.id and listed["proved"]


@pytest.mark.parametrize("options", [(), ("--into", "folder", "--in-place")])
def test_restore_asks_where_to(vault: Vault, ecluse: Run, options: tuple[str, ...]) -> None:
    done = ecluse("restore", "local", *options)
    assert done.code == 2 and "--into" in done.err and "--in-place" in done.err


def test_backup_that_is_not_proved_takes_no_place(vault: Vault, ecluse: Run) -> None:
    vault.keep(MANIFEST)
    done = ecluse("restore", "local", "--backup", "2026", "--in-place")
    assert done.code == 17 and "is not proved: it does not take the place of what serves" in done.err
    assert "no backup is proved" in ecluse("restore", "local", "--in-place").err
    assert "0 backups begin with '1999'" in ecluse("restore", "local", "--backup", "1999", "--in-place").err


def test_failed_command_is_noted_for_status(vault: Vault, tmp_path: Path, ecluse: Run) -> None:
    done = ecluse("backup", "local", "--prove")
    assert done.code == 17 and "there is no backup yet" in done.err
    assert LastBackup.read(tmp_path).why == "there is no backup yet"
