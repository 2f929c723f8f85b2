"""Backups with restic itself, whose repository or whose process goes away: nothing half is listed as a backup."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ecluse.backup.dumps import Postgres
from ecluse.backup.prove import prove
from ecluse.backup.restic import Restic
from ecluse.backup.vault import Vault
from ecluse.errors import BackupError
from testbed.saved_site import SavedSite, saved_site

pytestmark = pytest.mark.exhaustive

PASSWORD = {"RESTIC_PASSWORD": "of-a-test"}


def repository(folder: Path) -> Restic:
    restic = Restic(str(folder / "vault"), PASSWORD, folder / "cache")
    restic.open(lambda line: None, make=True)
    return restic


@pytest.fixture
def site() -> Iterator[SavedSite]:
    if not shutil.which("restic"):
        pytest.skip("restic is not installed: apt-get install restic")
    with saved_site(repository) as found:
        yield found


def locks(site: SavedSite) -> list[Path]:
    return [path for path in (site.data.folder / "vault" / "locks").iterdir() if "-tmp-" not in path.name]


def die(*_: Any, **__: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("it lives")


class HalfDump:
    """Half of a dump, after which the process that reads it is killed."""

    def __init__(self, *_: Any) -> None:
        self.left = [b"PGDMP and so on"]

    def __enter__(self) -> HalfDump:
        return self

    def __exit__(self, *_: object) -> None:
        """The process is gone by then."""

    def read(self, size: int) -> bytes:
        return self.left.pop() if self.left else die()


def killed_at(site: SavedSite, patch: Callable[[pytest.MonkeyPatch], object]) -> None:
    """Save the site in a process that *patch* lets be killed."""
    child = os.fork()
    if child == 0:
        patch(pytest.MonkeyPatch())
        site.save()
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@pytest.mark.parametrize(
    ("where", "listed"),
    [
        ("ecluse.backup.dumps.Postgres.dump", []),
        ("half a dump", []),
        ("ecluse.backup.save._media", []),
        ("ecluse.backup.vault.Vault.keep", []),
        ("ecluse.backup.prove._database", [None]),
        ("ecluse.backup.prove._media", [None]),
        ("ecluse.backup.vault.Vault.note", [None]),
    ],
)
def test_backup_that_is_killed_is_none_or_not_proved(site: SavedSite, where: str, listed: list[None]) -> None:
    if where == "half a dump":
        killed_at(site, lambda patch: patch.setattr(Postgres, "dump", HalfDump))
    else:
        killed_at(site, lambda patch: patch.setattr(where, die))
    site.restic.open(lambda line: None, make=False)
    assert [one.proved for one in site.vault.all()] == listed
    made = site.save()
    assert site.vault.find(None).id == made.id


def test_lock_of_a_dead_process_is_removed(site: SavedSite) -> None:
    variables = {**os.environ, **PASSWORD, "RESTIC_REPOSITORY": str(site.data.folder / "vault")}
    argv = ["restic", "backup", "--stdin", "--stdin-filename", "x", "--quiet"]
    program = subprocess.Popen(argv, env=variables, stdin=subprocess.PIPE)
    while not locks(site):
        assert program.poll() is None
    program.kill()
    program.wait()
    assert program.stdin is not None
    program.stdin.close()
    assert locks(site)
    site.restic.open(lambda line: None, make=False)
    assert not locks(site) and site.save()


def test_repository_that_is_away_is_not_made_anew(site: SavedSite) -> None:
    made = site.save()
    vault = site.data.folder / "vault"
    vault.rename(site.data.folder / "away")
    with pytest.raises(BackupError, match="the repository is not there"):
        site.restic.open(lambda line: None, make=False)
    with pytest.raises(BackupError):
        site.save()
    assert not vault.exists()
    (site.data.folder / "away").rename(vault)
    assert [one.id for one in site.vault.all()] == [made.id]


def test_repository_that_goes_away_meanwhile_ends_the_backup(site: SavedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = site.data.folder / "vault"
    keep = Vault.keep
    monkeypatch.setattr(Vault, "keep", lambda *given: (vault.rename(site.data.folder / "away"), keep(*given)))
    with pytest.raises(BackupError):
        site.save()
    (site.data.folder / "away").rename(vault)
    assert site.vault.all() == []


def test_changed_byte_anywhere_in_the_repository_is_found(site: SavedSite) -> None:
    made = site.save()
    for pack in (site.data.folder / "vault" / "data").rglob("*"):
        if pack.is_file():
            pack.chmod(0o600)
            content = bytearray(pack.read_bytes())
            content[len(content) // 2] ^= 1
            pack.write_bytes(content)
    shutil.rmtree(site.data.folder / "cache")
    with pytest.raises(BackupError):
        prove(made, site.vault, site.restic, site.data.folder, os.environ)


def test_long_transaction_of_the_site_does_not_hold_a_backup_up(site: SavedSite) -> None:
    import psycopg2

    busy = psycopg2.connect(site.url)
    try:
        busy.cursor().execute("UPDATE shop_record SET title = title || ' changed'")
        made = site.save()
        assert made.database.tables["public.shop_record"] == 500
        busy.commit()
    finally:
        busy.close()
    assert site.run("SELECT count(*) FROM shop_record WHERE title LIKE '% changed'") == [(500,)]


def test_site_writes_while_it_is_saved(site: SavedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dump is of one moment: rows that came during it are not in there, and are not missed."""
    from ecluse.backup import save

    database = save._database

    def busy(*given: Any) -> Any:
        site.run("INSERT INTO shop_record (title) SELECT 'later ' || n FROM generate_series(1, 100) n")
        return database(*given)

    monkeypatch.setattr(save, "_database", busy)
    assert site.save().database.tables["public.shop_record"] == 500
    assert site.run("SELECT count(*) FROM shop_record") == [(600,)]
