"""Backups of the small project: saved while visitors come, proved, damaged on purpose, and brought back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecluse.backup.restic import Restic
from testbed.containers import await_
from testbed.load.visitors import Load
from testbed.shop import Shop


@pytest.fixture
def vault(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the shop's repository, which is empty; the shop's media have files."""
    if not shutil.which("restic"):
        pytest.skip("restic is not installed: apt-get install restic")
    monkeypatch.setenv("SHOP_BACKUPS", str(tmp_path / "vault"))
    (shop.place / "media" / "a folder").mkdir(parents=True, exist_ok=True)
    (shop.place / "media" / "a folder" / "pic[1]*.txt").write_text("a picture\n")
    (shop.place / "media" / "more.bin").write_bytes(os.urandom(5000))
    for name in ("backup.json", "last-backup.json"):
        (shop.place / name).unlink(missing_ok=True)
    return tmp_path / "vault"


def asked(shop: Shop, *arguments: str) -> Any:
    """The JSON that a command prints at its end."""
    output = shop.ecluse(*arguments, "--json").output
    return json.loads(output[min(output.index(letter) for letter in "[{" if letter in output) :])


def packs(vault: Path) -> list[Path]:
    """The files with what was saved."""
    return [path for path in (vault / "data").rglob("*") if path.is_file()]


def test_backup_is_proved_and_brought_back_while_visitors_come(shop: Shop, vault: Path, tmp_path: Path) -> None:
    with Load(shop.port) as load:
        load.wait(20)
        made = asked(shop, "backup", "local")
        load.wait(20)
    assert load.lost == []
    assert made["media"]["files"] == 2 and made["database"]["tables"] > 1
    [listed] = asked(shop, "backups", "local")
    assert listed["proved"] and listed["id"] == made["id"] and listed["release"] == shop.status()["serving"]
    assert not list(shop.place.glob("proof-*"))
    assert (shop.place / "backup.json").stat().st_mode & 0o777 == 0o600

    target = tmp_path / "back"
    shop.ecluse("restore", "local", "--into", str(target))
    assert (target / "media" / "a folder" / "pic[1]*.txt").read_text() == "a picture\n"
    assert (target / "database.dump").read_bytes().startswith(b"PGDMP")
    assert "something is there already" in shop.ecluse("restore", "local", "--into", str(target), check=False).output


def test_damaged_backup_is_not_proved(shop: Shop, vault: Path) -> None:
    shop.ecluse("backup", "local")
    for pack in packs(vault):
        pack.chmod(0o600)
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 1
        pack.write_bytes(content)
    done = shop.ecluse("backup", "local", check=False)
    assert done.returncode == 17, done.output
    assert [one["proved"] for one in asked(shop, "backups", "local")][-1] is not True


@pytest.mark.exhaustive
def test_interrupted_backup_is_none(shop: Shop, vault: Path) -> None:
    command = shop.begin("backup", "local")
    await_(lambda: any((vault / "snapshots").glob("*")), "the database is saved", 120)
    command.kill()
    command.wait()
    assert "there is no backup yet" in shop.ecluse("backups", "local", check=False).output
    shop.ecluse("backup", "local")
    assert len(asked(shop, "backups", "local")) == 1


@pytest.mark.exhaustive
def test_wrong_password_opens_nothing(shop: Shop, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.ecluse("backup", "local")
    kept = (shop.place / "backup.json").read_bytes()
    monkeypatch.setenv("RESTIC_PASSWORD", "another-one-that-is-wrong")
    done = shop.ecluse("backup", "local", check=False)
    assert done.returncode == 17 and "RESTIC_PASSWORD" in done.output
    assert "another-one-that-is-wrong" not in done.output
    assert (shop.place / "backup.json").read_bytes() == kept


@pytest.mark.exhaustive
def test_reader_that_goes_away_ends_the_program_that_writes(vault: Path, tmp_path: Path) -> None:
    restic = Restic(str(vault), {"RESTIC_PASSWORD": "of-a-test"}, tmp_path / "cache")
    restic.open(lambda line: None, make=True)
    saved = restic.save_stream(
        "large", {"part": "test"}, lambda sink: [sink.write(os.urandom(1 << 20)) for _ in range(9)]
    )

    def gone(piece: bytes) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        restic.stream(saved.snapshot, "large", gone)


@pytest.mark.exhaustive
def test_backup_takes_the_place_of_what_serves_and_back(shop: Shop, vault: Path) -> None:
    shop.query("DELETE FROM shop_effect")
    shop.query("INSERT INTO shop_effect (token) VALUES ('of the backup')")
    media = shop.place / "media"
    shop.ecluse("backup", "local")
    shop.query("INSERT INTO shop_effect (token) VALUES ('since then')")
    (media / "more.bin").unlink()
    (media / "new.txt").write_text("since then")

    done = shop.ecluse("restore", "local", "--in-place")
    assert shop.query("SELECT token FROM shop_effect") == [("of the backup",)]
    assert (media / "more.bin").exists() and not (media / "new.txt").exists()
    assert shop.status()["healthy"] and shop.ecluse("status", "local").output.count("maintenance") == 0
    with Load(shop.port) as load:
        load.wait(40)
    assert load.lost == []

    [undo] = [line.partition("./ecluse ")[2].split() for line in done.output.splitlines() if "to undo this" in line]
    shop.ecluse(*undo)
    tokens = {token for (token,) in shop.query("SELECT token FROM shop_effect")}
    assert {"of the backup", "since then"} <= tokens and (media / "new.txt").exists()
    assert len(list(shop.place.glob("media.before-*"))) == 2 and not list(shop.place.glob("media.of-*"))


@pytest.mark.exhaustive
def test_backup_of_another_schema_replaces_nothing(shop: Shop, vault: Path) -> None:
    shop.ecluse("backup", "local")
    shop.query("INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0002_later', now())")
    try:
        done = shop.ecluse("restore", "local", "--in-place", check=False)
        assert done.returncode == 17 and "other migrations" in done.output and "shop.0002_later" in done.output
        assert len(asked(shop, "backups", "local")) == 1
    finally:
        shop.query("DELETE FROM django_migrations WHERE name = '0002_later'")


@pytest.mark.exhaustive
def test_rollback_with_data_goes_back_to_the_dump_before(shop: Shop) -> None:
    one = shop.release("one")
    shop.ecluse("deploy", "local", "--release", one)
    shop.query("DELETE FROM shop_effect; INSERT INTO shop_effect (token) VALUES ('kept')")
    later = 'migrations.CreateModel("Later", [("id", models.BigAutoField(primary_key=True))])'
    two = shop.release("drops", migration=f'migrations.RunSQL("DELETE FROM shop_effect"), {later}')
    allow = ("--allow-migration", "shop.0002")
    plan = asked(shop, "plan", "deploy", "local", "--release", two, *allow)
    assert plan["migrations"][0]["one_way"] == ["Raw SQL operation: it says nothing of how to undo it"]
    done = shop.ecluse("deploy", "local", "--release", two, *allow)
    assert "migrations cannot be undone" in done.output
    last = shop.last()
    assert last.dump == last.id and "dump" in last.steps and shop.query("SELECT token FROM shop_effect") == []
    assert f"dump {last.dump} was taken before its migrations" in shop.ecluse("history", "local").output
    shop.query("INSERT INTO shop_effect (token) VALUES ('since'), ('since too')")

    done = shop.ecluse("rollback", "local", "--with-data", check=False)
    assert done.returncode == 11 and "public.shop_effect: 2 rows now, 1 rows then" in done.output
    assert "public.shop_later: 0 rows now, no table then" in done.output and shop.status()["serving"] == two

    shop.ecluse("rollback", "local", "--with-data", "--yes")
    status = shop.status()
    assert status["serving"] == one and status["healthy"] and status["maintenance"] is None
    assert shop.query("SELECT token FROM shop_effect") == [("kept",)]
    assert shop.query("SELECT to_regclass('shop_later')") == [(None,)] and shop.last().restored == last.dump
    with Load(shop.port) as load:
        load.wait(40)
    assert load.lost == []
    assert shop.ecluse("rollback", "local", "--with-data", check=False).returncode == 11


@pytest.mark.exhaustive
def test_rollback_with_data_that_is_killed_is_done_again(shop: Shop) -> None:
    shop.ecluse("deploy", "local", "--release", shop.release("one"))
    shop.query("DELETE FROM shop_effect; INSERT INTO shop_effect (token) VALUES ('kept')")
    two = shop.release("empties", migration='migrations.RunSQL("DELETE FROM shop_effect")')
    shop.ecluse("deploy", "local", "--release", two, "--allow-migration", "shop.0002")
    shop.query("INSERT INTO shop_effect (token) VALUES ('later'), ('latest')")

    def kill(when: Callable[[], bool]) -> None:
        command = shop.begin("rollback", "local", "--with-data", "--yes")
        await_(when, "the moment to kill it", 300)
        shop.kill(command)

    kill(lambda: any((shop.place / "dumps").glob("*-undone*")))
    kill(lambda: shop.step() == "stage")
    kill(lambda: shop.step() == "replace")
    shop.ecluse("rollback", "local", "--with-data", "--yes")
    assert shop.query("SELECT token FROM shop_effect") == [("kept",)]
    replaced = min((shop.place / "dumps").glob("*-undone-*.json"))
    assert json.loads(replaced.read_text())["tables"]["public.shop_effect"] == 2
    assert shop.status()["serving"] == shop.release("one") and shop.status()["healthy"]
    shop.ecluse("maintenance", "off", "local")
