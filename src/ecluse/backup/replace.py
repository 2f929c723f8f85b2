"""Puts a backup in the place of the data that serves: the database in one transaction, then the media."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from ecluse.backup import spare_room
from ecluse.backup.dumps import Postgres
from ecluse.backup.loading import compare, load
from ecluse.backup.manifest import BackupManifest
from ecluse.backup.restic import Restic
from ecluse.backup.unpack import media_into
from ecluse.deploy.contract import Data
from ecluse.errors import BackupError

__all__ = ["replace", "replaceable"]


def replaceable(manifest: BackupManifest, data: Data) -> None:
    """Refuse a backup of another schema than the one that serves, or one for which there is no room."""
    now = Postgres(data.database, data.environ).migrations()
    if now != manifest.database.migrations:
        others = sorted({*now} ^ {*manifest.database.migrations})
        raise BackupError(
            f"the database has other migrations than backup {manifest.id}: {', '.join(others[:5])}",
            hint=f"it belongs to release {manifest.release}: roll that out on an empty database first, or use --into",
        )
    spare_room.require(data.folder, manifest.media.bytes, "the media need {} beside those that serve")


def replace(manifest: BackupManifest, restic: Restic, data: Data, say: Callable[[str], None]) -> None:
    """Bring back the data of *manifest*, in the place of *data*. The media of before are kept beside the new ones.

    The database has either all of the backup or all that it had: it changes in one transaction.
    """
    fresh = data.folder / f"media.of-{manifest.id}"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        media_into(manifest, restic, fresh)
        _take_over(data.media, fresh)
        database = Postgres(data.database, data.environ)
        load(manifest, restic, database, replacing=True)
        say("database   is that of the backup")
        before = _exchange(data.media, fresh, manifest.id)
        say(f"media      are those of the backup; those of before are in {before}")
        compare(manifest, database.content())
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _take_over(old: Path, new: Path) -> None:
    """Let *new* belong to whom *old* belongs, and be read by whom it is read."""
    state = old.stat()
    if new.stat().st_uid != state.st_uid or new.stat().st_gid != state.st_gid:
        shutil.chown(new, state.st_uid, state.st_gid)
    new.chmod(state.st_mode & 0o7777)


def _exchange(old: Path, new: Path, id: str) -> Path:
    """Put the folder *new* in the place of *old*, which is kept under the name that is returned."""
    number = 1
    while (before := old.with_name(f"{old.name}.before-{id}-{number}")).exists():
        number += 1
    old.rename(before)
    try:
        new.rename(old)
    except OSError:
        before.rename(old)
        raise
    return before
