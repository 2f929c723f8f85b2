"""Proves a backup: restores it into a throwaway PostgreSQL and a throwaway folder, and compares what is there."""

from __future__ import annotations

import contextlib
import hashlib
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from ecluse import probes
from ecluse.backup import spare_room
from ecluse.backup.dumps import Postgres
from ecluse.backup.loading import compare, load
from ecluse.backup.manifest import BackupManifest
from ecluse.backup.restic import Restic
from ecluse.backup.vault import Vault
from ecluse.deploy.last_backup import LastBackup
from ecluse.errors import BackupError
from ecluse.machine import process
from ecluse.services.cluster import Cluster, server_environ

__all__ = ["prove"]

_NAME = "proof"


def prove(manifest: BackupManifest, vault: Vault, restic: Restic, folder: Path, environ: Mapping[str, str]) -> None:
    """Restore the backup below *folder*, compare it with its manifest, and note in the repository how that ended; a
    good end also in *folder*.

    Raises BackupError, which says what differs, or that there is no room for the restore; another EcluseError where it
    could not be tried, as without programs of PostgreSQL of the server's version.
    """
    # Rows and their indexes take more room than the dump.
    needed = 2 * manifest.database.bytes
    spare_room.require(folder, needed, f"backup {manifest.id} is saved, not proved: that needs {{}}")
    try:
        with _scratch(folder) as scratch:
            scratch.chmod(0o711)  # PostgreSQL does not run as root; its own folder is its account's alone
            _database(manifest, restic, scratch, environ)
        with _scratch(folder) as scratch:
            _media(manifest, restic, scratch)
    except BackupError as error:
        vault.note(manifest.id, good=False, why=error.what)
        raise
    vault.note(manifest.id, good=True, why="")
    saved = datetime.fromisoformat(manifest.began).timestamp()
    LastBackup.note_proof(folder, manifest.id, time.time(), saved=saved)


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="proof-", dir=folder, ignore_cleanup_errors=True) as scratch:
        yield Path(scratch)


def _database(manifest: BackupManifest, restic: Restic, scratch: Path, environ: Mapping[str, str]) -> None:
    cluster = Cluster.at(scratch / "postgres", environ, version=str(manifest.database.major))
    with _served(cluster) as url:
        restored = Postgres(url, environ)
        load(manifest, restic, restored)
        compare(manifest, restored.content())


def _media(manifest: BackupManifest, restic: Restic, scratch: Path) -> None:
    media = manifest.media
    if not media.snapshot:
        return
    target = scratch / "media"
    restic.restore(media.snapshot, target, [str(Path(media.folder, name)) for name in media.sample])
    for name, digest in media.sample.items():
        restored = target / Path(media.folder, name).relative_to("/")
        if not restored.is_file():
            raise BackupError(f"the file {name} is not there after a restore")
        if hashlib.sha256(restored.read_bytes()).hexdigest() != digest:
            raise BackupError(f"the file {name} is another one after a restore")


@contextlib.contextmanager
def _served(cluster: Cluster) -> Iterator[str]:
    cluster.create(database=_NAME)
    account = cluster.account
    with tempfile.TemporaryFile() as output:
        server = process.spawn(
            cluster.server_argv(),
            cwd=Path("/"),
            env=server_environ(),
            user=account.user,
            group=account.group,
            stdout=output,
            stderr=output,
        )
        try:
            probes.wait(
                [cluster.url(_NAME)],
                timeout=120,
                what="a throwaway PostgreSQL",
                ended=lambda: None if server.poll() is None else "it ended",
            )
            yield cluster.url(_NAME)
        finally:
            process.stop(server, first=signal.SIGINT)
