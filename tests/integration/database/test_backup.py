"""Backups of a real PostgreSQL, in a repository in memory: with restic itself in tests/integration/rollout."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecluse.backup.dumps import Postgres
from ecluse.backup.kept_dumps import KeptDumps
from ecluse.backup.prove import prove
from ecluse.backup.replace import replace, replaceable
from ecluse.backup.unpack import unpack
from ecluse.definition.backups import Backup
from ecluse.deploy.last_backup import LastBackup
from ecluse.errors import BackupError
from testbed.saved_site import SavedSite, saved_site
from tests.support.doubles.backups import MemoryRestic

pytestmark = pytest.mark.counted


@pytest.fixture
def site() -> Iterator[SavedSite]:
    with saved_site(lambda folder: MemoryRestic(folder / "copies")) as found:
        yield found


def test_saved_data_are_proved_and_take_the_place_of_others(site: SavedSite, tmp_path: Path) -> None:
    made = site.save()
    assert made.database.tables == {"public.django_migrations": 1, "public.shop_record": 500}
    assert made.database.migrations == ("shop.0001_initial",) and made.media.files == 1
    [listed] = site.vault.all()
    assert (listed.id, listed.proved, listed.release) == (made.id, True, "r1")
    assert LastBackup.read(site.data.folder).id == made.id
    assert site.vault.manifest(site.vault.find(None)) == made

    unpack(made, site.restic, tmp_path / "back")
    assert (tmp_path / "back" / "database.dump").read_bytes().startswith(b"PGDMP")
    assert (tmp_path / "back" / "media" / "a folder" / "pic[1].txt").read_text() == "a picture"
    with pytest.raises(BackupError, match="something is there already"):
        unpack(made, site.restic, tmp_path / "back")

    site.run("DELETE FROM shop_record WHERE id > 10")
    (site.data.media / "new.txt").write_text("since then")
    replaceable(made, site.data)
    replace(made, site.restic, site.data, site.said.append)
    assert site.run("SELECT count(*) FROM shop_record") == [(500,)]
    assert not (site.data.media / "new.txt").exists() and (site.data.media / "a folder").is_dir()
    [before] = site.data.folder.glob("media.before-*")
    assert (before / "new.txt").exists()


def test_backup_that_differs_is_not_proved_and_replaces_nothing(site: SavedSite) -> None:
    made = site.save()
    dump = site.restic.files[made.database.snapshot]
    site.restic.files[made.database.snapshot] = dump.replace(b"title 77\n", b"title xx\n")
    site.run("DELETE FROM shop_record")
    with pytest.raises(BackupError, match="is damaged: it is not what was saved"):
        prove(made, site.vault, site.restic, site.data.folder, os.environ)
    assert [one.proved for one in site.vault.all()] == [False]
    with pytest.raises(BackupError, match="no backup is proved"):
        site.vault.find(None)

    site.restic.files[made.database.snapshot] = dump[: len(dump) // 2]
    with pytest.raises(BackupError):
        replace(made, site.restic, site.data, site.said.append)
    assert site.run("SELECT count(*) FROM shop_record") == [(0,)], "half of a backup is in the database"
    site.run("INSERT INTO django_migrations (app, name) VALUES ('shop', '0002_later')")
    with pytest.raises(BackupError, match=r"other migrations than backup .*: shop\.0002_later"):
        replaceable(made, site.data)


def test_interrupted_backup_is_none_and_is_deleted_with_old_ones(site: SavedSite) -> None:
    site.restic.save_stream("database.dump", site.vault.tags("interrupted", "database"), lambda sink: None)
    assert site.vault.all() == []
    made = site.save()
    assert site.vault.prune(Backup(repository="/r", keep_daily=1)) == 0
    assert {one.tags["backup"] for one in site.restic.made} == {made.id}


def test_database_that_does_not_answer_is_named() -> None:
    with pytest.raises(BackupError, match="the database: "):
        Postgres("postgres://nobody@127.0.0.1:1/nothing", os.environ)


def test_restore_that_fails_half_way_ends_with_the_reason(site: SavedSite) -> None:
    with pytest.raises(BackupError, match="pg_restore: "), Postgres(site.url, os.environ).load() as sink:
        sink.write(b"no dump" * 1_000_000)


def test_kept_dump_takes_the_place_of_all_that_came_since(site: SavedSite) -> None:
    site.run("CREATE TYPE mood AS ENUM ('good'); CREATE VIEW titles AS SELECT title FROM shop_record")
    site.run("CREATE SCHEMA other; CREATE TABLE other.kept (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")
    site.run('CREATE COLLATION plain FROM "C"; CREATE TEXT SEARCH CONFIGURATION words (COPY = simple)')
    site.run("CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = simple); SELECT lo_create(5)")
    dumps = KeptDumps(lambda: site.data, site.said.append)
    assert dumps.take("d1") == "d1" and "501 rows" in site.said[-1]
    site.run("CREATE TABLE shop_later (id serial PRIMARY KEY, record integer REFERENCES shop_record, how mood)")
    site.run(
        "INSERT INTO shop_later (record, how) VALUES (1, 'good'); ALTER TABLE shop_record DROP COLUMN title CASCADE"
    )
    site.run("CREATE FUNCTION one(x shop_later) RETURNS integer LANGUAGE sql AS 'SELECT 1'; SELECT lo_create(7)")
    first, *lost = dumps.loss("d1")
    assert "is lost, also changes of rows" in first and lost == ["  public.shop_later: 1 rows now, no table then"]

    with pytest.raises(BackupError, match="of a test"), dumps.in_place("d1"):
        assert site.run("SELECT count(DISTINCT title) FROM titles") == [(500,)]
        raise BackupError("of a test")
    assert site.run("SELECT how FROM shop_later") == [("good",)] and "is put back" in site.said[-1]

    with dumps.in_place("d1"):
        pass
    assert site.run("SELECT count(DISTINCT title) FROM titles") == [(500,)]
    assert site.run("SELECT to_regclass('shop_later'), to_regproc('one'), to_regclass('other.kept')::text") == [
        (None, None, "other.kept")
    ]
    assert dumps.loss("d1") == [first]
    assert site.run("SELECT oid FROM pg_largeobject_metadata") == [(5,)]
    assert {path.stat().st_mode & 0o777 for path in (site.data.folder / "dumps").iterdir()} == {0o600}


def test_data_that_a_dump_replaces_are_kept_each_time(site: SavedSite) -> None:
    dumps = KeptDumps(lambda: site.data, site.said.append)
    dumps.take("d1")
    site.run("DELETE FROM shop_record WHERE id > 10")
    for _ in range(4):
        with dumps.in_place("d1"):
            pass
    [first, *_rest] = sorted((site.data.folder / "dumps").glob("d1-undone-*.json"))
    assert json.loads(first.read_text())["tables"]["public.shop_record"] == 10


def test_kept_dump_that_is_damaged_replaces_nothing(site: SavedSite) -> None:
    site.run("SELECT lo_from_bytea(7, 'of a user')")  # whose dump has transactions of its own, unless one is asked for
    dumps = KeptDumps(lambda: site.data, site.said.append)
    dumps.take("d1")
    path = site.data.folder / "dumps" / "d1.dump"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    site.run("DELETE FROM shop_record WHERE id > 10")
    with pytest.raises(BackupError), dumps.in_place("d1"):
        pytest.fail("a damaged dump is in service")
    assert site.run("SELECT count(*) FROM shop_record") == [(10,)]
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(BackupError), dumps.in_place("d1"):
        pytest.fail("half a dump is in service")
    assert site.run("SELECT count(*) FROM shop_record") == [(10,)]
    path.unlink()
    with pytest.raises(BackupError, match="is not kept any more"):
        dumps.loss("d1")


def test_dump_without_room_is_not_taken_and_said(site: SavedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecluse.backup.spare_room._MARGIN", 10**18)
    assert KeptDumps(lambda: site.data, site.said.append).take("d1") is None
    assert "no dump is taken" in site.said[-1] and "are free" in site.said[-1]
    assert list((site.data.folder / "dumps").iterdir()) == []


def test_newest_dumps_are_kept(site: SavedSite) -> None:
    dumps = KeptDumps(lambda: site.data, site.said.append)
    for number in range(5):
        assert dumps.take(f"d{number}")
    kept = [path.stem for path in (site.data.folder / "dumps").glob("*.json")]
    assert sorted(kept) == ["d2", "d3", "d4"]
    with dumps.in_place("d2"):
        assert dumps.loss("d2")
