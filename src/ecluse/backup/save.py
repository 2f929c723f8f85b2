"""Saves the data of an environment: the database, then the media, then the manifest that makes a backup of both."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from ecluse.backup.copying import copied
from ecluse.backup.dumps import Content, Postgres
from ecluse.backup.manifest import BackupManifest, SavedDatabase, SavedMedia
from ecluse.backup.restic import Restic
from ecluse.backup.vault import DATABASE, Vault
from ecluse.deploy.contract import Data
from ecluse.machine import sizes

__all__ = ["save"]

_SAMPLE = 50
"""Files of the media whose content is compared after a restore."""


def save(data: Data, environment: str, vault: Vault, restic: Restic, say: Callable[[str], None]) -> BackupManifest:
    """Save *data* of *environment*. Raises BackupError; what was saved until then counts as nothing.

    The media are saved after the moment of the database: the file of a row that is there is there too, unless it was
    deleted in between.
    """
    began = datetime.now(UTC)
    id = f"{began:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    source = Postgres(data.database, data.environ)
    with source.moment() as (moment, content):
        database = _database(source, moment, content, vault, restic, id)
    rows = sum(content.tables.values())
    say(f"database   {len(content.tables)} tables, {rows} rows, {sizes.in_words(database.bytes)}")
    media = _media(data.media, vault, restic, id, say)
    say(f"media      {media.files} files, {sizes.in_words(media.bytes)}")
    manifest = BackupManifest(
        id, environment, began.isoformat(timespec="seconds"), data.release, data.commit, database, media
    )
    vault.keep(manifest)
    return manifest


def _database(source: Postgres, moment: str, content: Content, vault: Vault, restic: Restic, id: str) -> SavedDatabase:
    digest, size = "", 0

    def write(sink: IO[bytes]) -> None:
        nonlocal digest, size
        with source.dump(moment) as dump:
            digest, size = copied(dump, sink)

    saved = restic.save_stream(DATABASE, vault.tags(id, "database"), write)
    return SavedDatabase(saved.snapshot, digest, size, source.major, content.tables, content.migrations)


def _media(folder: Path, vault: Vault, restic: Restic, id: str, say: Callable[[str], None]) -> SavedMedia:
    if not any(_files(folder)):
        return SavedMedia("", str(folder.resolve()), 0, 0)
    saved = restic.save_folder(folder.resolve(), vault.tags(id, "media"), say)
    sample = {}
    found = sorted(_files(folder))
    for path in found[:: max(len(found) // _SAMPLE, 1)][:_SAMPLE]:
        try:
            sample[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
        except FileNotFoundError:  # it has been deleted since
            continue
    return SavedMedia(saved.snapshot, str(folder.resolve()), saved.files, saved.bytes, sample)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
