"""Brings a backup back into a folder: the dump of the database, and the media."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ecluse.backup.loading import stream
from ecluse.backup.manifest import BackupManifest
from ecluse.backup.restic import Restic
from ecluse.backup.vault import DATABASE
from ecluse.errors import BackupError

__all__ = ["media_into", "unpack"]


def unpack(manifest: BackupManifest, restic: Restic, target: Path) -> None:
    """Make the folder *target*, with ``database.dump`` and ``media`` of the backup. It appears whole or not at all.

    Raises BackupError where there is something already, or where the backup is damaged.
    """
    target = target.absolute()
    if target.exists():
        raise BackupError("something is there already", where=str(target), hint="name a folder that does not exist")
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        with open(scratch / DATABASE, "xb") as file:
            os.fchmod(file.fileno(), 0o600)
            stream(manifest, restic, file)
        media_into(manifest, restic, scratch / "media")
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def media_into(manifest: BackupManifest, restic: Restic, target: Path) -> None:
    """Make the folder *target*, with the media of the backup."""
    if not manifest.media.snapshot:
        target.mkdir()
        return
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch:
        restic.restore(manifest.media.snapshot, Path(scratch))
        Path(scratch, Path(manifest.media.folder).relative_to("/")).rename(target)
