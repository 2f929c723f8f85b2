"""A PostgreSQL server for a test run or an afternoon: made in a moment, without durability, gone with its lease."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from ecluse import probes
from ecluse.errors import CommandError
from ecluse.machine import process
from ecluse.services import cluster_archive, postgresql_commands
from ecluse.services.binaries import Binaries, binaries_for, readable_by_all
from ecluse.services.cluster import server_environ
from ecluse.services.lease import PREFIX, Lease
from ecluse.services.paths import binaries_cache

__all__ = ["Server", "stop_kept"]

# Seconds for a server that takes 30 ms: a machine can be very busy.
PATIENCE = 60.0

# Seconds for a server to end that is told to do so at once.
STOPPED = 5.0


def stop_kept(folder: Path) -> bool:
    """Stop the server in the folder of a kept lease, and delete the folder. False where there is none."""
    marker = folder / "data" / "postmaster.pid"
    try:
        server = int(marker.read_text(encoding="ascii").split("\n", 1)[0])
    except (OSError, ValueError):
        return False
    if not folder.name.startswith(PREFIX):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(server, signal.SIGQUIT)
    # The server deletes its marker when it has ended; one that was killed does not.
    until = time.monotonic() + STOPPED
    while marker.exists() and time.monotonic() < until:
        time.sleep(0.005)
    shutil.rmtree(folder)
    return True


class Server:
    """A server in the folder of *lease*. Made by :meth:`create` or :meth:`restore`, then started."""

    def __init__(self, lease: Lease, binaries: Binaries, environ: Mapping[str, str]) -> None:
        self.lease = lease
        self._environ = {**server_environ(), **_names(environ)}
        self.binaries = binaries
        self.data = lease.folder / "data"
        self._running: subprocess.Popen[bytes] | None = None

    @classmethod
    def of(cls, lease: Lease, version: str, environ: Mapping[str, str]) -> Server:
        """A server of this major *version*. Raises ServiceError where the machine has no programs of it."""
        return cls(lease, binaries_for(version, environ), environ)

    @property
    def kind(self) -> str:
        """The name for clusters made in this way: PostgreSQL's version and a hash of the options."""
        flags = postgresql_commands.throwaway_initdb(self.binaries, Path("/"))[1:]
        # The wheel is the same wherever it is installed; a system's programs have the extensions of that system.
        flags = (*flags, "wheel" if self.binaries.folder.parent.name == "pginstall" else str(self.binaries.folder))
        return f"{self.binaries.version}-{hashlib.sha256(' '.join(flags).encode()).hexdigest()[:12]}"

    def __str__(self) -> str:
        return f"PostgreSQL {self.binaries.version} (embedded)"

    def restorable(self) -> Server:
        """The server itself: its data can be packed and restored."""
        return self

    def start_empty(self, cache: Path) -> None:
        """Start the server on an empty cluster, a copy of the one in the folder *cache* where that has one."""
        self.create(self.empty_in(cache))
        self.start()

    def empty_in(self, cache: Path) -> Path:
        """The path in *cache* of an empty cluster of this kind."""
        return cache / f"empty-{self.kind}.tar"

    def create(self, empty: Path | None = None, *, pack: bool = False) -> None:
        """An empty cluster. *empty* is where an archive of one may be; with *pack* it is made there if it is not."""
        if empty is not None:
            try:
                return self.restore(empty)
            except FileNotFoundError:
                pass
            except CommandError:
                self.discard()
        self._run(postgresql_commands.throwaway_initdb(self._binaries(), self.data))
        if empty is not None and pack:
            cluster_archive.pack(self.data, empty)

    def restore(self, packed: Path) -> None:
        """The cluster that :meth:`save` has packed. Raises FileNotFoundError, or CommandError for a broken archive."""
        cluster_archive.unpack(packed, self.data, self.lease.account)

    def save(self, packed: Path) -> None:
        """Pack the cluster. The server is stopped for it, cleanly, and is not started again."""
        self.stop()
        cluster_archive.pack(self.data, packed)

    def start(self) -> None:
        """Start the server and wait until it answers; from now on it ends with the lease. Raises ServiceError."""
        log = self.lease.folder / "log"
        with open(log, "ab") as output:
            running = process.spawn(
                postgresql_commands.throwaway_server(self._binaries(), self.data, self.lease.folder),
                cwd=Path("/"),
                env=self._environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self.lease.account.user,
                group=self.lease.account.group,
            )
        self._running = running
        self.lease.guard(running.pid)

        def ended() -> str | None:
            if running.poll() is None:
                return None
            return "it ended: " + log.read_text(encoding="utf-8", errors="replace")[-2000:].strip()

        probes.wait([self.url("postgres")], timeout=PATIENCE, what="the embedded PostgreSQL", ended=ended)

    def stop(self) -> None:
        """Stop the server cleanly. It can be started again."""
        if self._running is not None:
            process.stop(self._running, first=signal.SIGINT)  # "fast": sessions end, the cluster is left consistent
            self._running = None

    def discard(self) -> None:
        """Stop the server, and delete the cluster: another can take its place."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def hand_over(self) -> None:
        """Let other processes that hold the lease keep the server when this one ends."""
        if self._running is not None:
            process.disown(self._running)
            self._running = None

    def url(self, database: str) -> str:
        """The address of *database*."""
        return postgresql_commands.socket_url(self.lease.folder, database)

    def _binaries(self) -> Binaries:
        return readable_by_all(self.binaries, binaries_cache({})) if self.lease.account.switch else self.binaries

    def _run(self, argv: tuple[str, ...]) -> None:
        process.run(
            argv,
            cwd=Path("/"),
            env=self._environ,
            user=self.lease.account.user,
            group=self.lease.account.group,
        )


def _names(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables by which nss_wrapper gives a name to a user that has none: https://cwrap.org/nss_wrapper.html."""
    if "NSS_WRAPPER_PASSWD" not in environ:
        return {}
    return {name: value for name, value in environ.items() if name.startswith("NSS_WRAPPER_") or name == "LD_PRELOAD"}
