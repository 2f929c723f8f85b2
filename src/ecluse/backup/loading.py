"""Loads the database of a backup, and compares what is there with what was saved."""

from __future__ import annotations

import hashlib
from typing import IO

from ecluse.backup.dumps import Content, Postgres
from ecluse.backup.manifest import BackupManifest
from ecluse.backup.restic import Restic
from ecluse.backup.vault import DATABASE
from ecluse.errors import BackupError

__all__ = ["compare", "load", "stream"]


def load(manifest: BackupManifest, restic: Restic, target: Postgres, *, replacing: bool = False) -> None:
    """Load the database of a backup into *target*: an empty one, or *replacing* what it has.

    Raises BackupError where the dump is damaged or cannot be loaded; what is replaced is then as it was.
    """
    with target.load(replacing=replacing) as sink:
        stream(manifest, restic, sink)


def stream(manifest: BackupManifest, restic: Restic, sink: IO[bytes]) -> None:
    """Write the dump of a backup into *sink*. Raises BackupError at the end where it is not what was saved."""
    digest = hashlib.sha256()

    def write(piece: bytes) -> None:
        digest.update(piece)
        sink.write(piece)

    restic.stream(manifest.database.snapshot, DATABASE, write)
    if digest.hexdigest() != manifest.database.sha256:
        raise BackupError(f"the dump in backup {manifest.id} is damaged: it is not what was saved")


def compare(manifest: BackupManifest, found: Content) -> None:
    """Raise BackupError where *found*, after a restore, differs from what was saved."""
    for table, rows in manifest.database.tables.items():
        if found.tables.get(table) != rows:
            raise BackupError(f"{table} had {rows} rows, and {found.tables.get(table, 'is not there')} after a restore")
    if found.migrations != manifest.database.migrations:
        raise BackupError("the migrations after a restore are others than those that were saved")
