"""A folder that is deleted, and the server in it stopped, when the process that holds it is gone: even by kill -9.

The holder keeps the writing end of a FIFO in the folder open, and so does nothing that it starts. A guardian, a small
shell, waits for the end of file on the reading end: the operating system closes the files of a process that is dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from ecluse.machine import process
from ecluse.services.account import Account, for_lease
from ecluse.services.paths import volatile_folder

__all__ = ["PREFIX", "Lease", "sweep"]

PREFIX = "ecluse-"
_FIFO = "held"
_GUARDED = "guarded"

# Reads the server's process id, a line each time it is started; at the end of file stops it and deletes the folder.
# SIGQUIT: the server leaves at once, with its shared memory; its data is to be deleted anyway. Its file tells that
# it has left, not its process: in a container without an init a dead one stays as a zombie.
_GUARDIAN = """
server=
while read -r line; do server=$line; done
if [ -e "$1/data/postmaster.pid" ]; then
    kill -QUIT "$server" 2>/dev/null
    tries=0
    while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
    kill -KILL "$server" 2>/dev/null
fi
rm -rf "$1"
"""

# Seconds that a folder nobody holds is left alone: its holder may be about to take it.
_YOUNG = 60.0


class Lease:
    """A folder that lives as long as somebody holds it. *account* is who the server in it runs as, and owns it."""

    def __init__(self, folder: Path, account: Account, *, kept: bool = False) -> None:
        self.folder = folder
        self.account = account
        self._owner = os.getpid()
        self._released = kept
        if kept:
            return
        # Both ends: opening the writing end alone would wait for a reader. What we start does not inherit it.
        self._pipe = os.open(folder / _FIFO, os.O_RDWR)
        # Seen by others (_is_held), and ended by the operating system as well.
        self._mark = os.open(folder, os.O_RDONLY)
        fcntl.flock(self._mark, fcntl.LOCK_SH)

    @classmethod
    def take(cls, environ: Mapping[str, str]) -> Lease:
        """A new folder, with a short and lowercase name, in memory where there is room."""
        parent = volatile_folder(environ)
        sweep(parent)
        folder, account = _new(parent)
        os.mkfifo(folder / _FIFO, 0o600)
        return cls(folder, account)

    @classmethod
    def keep(cls, environ: Mapping[str, str]) -> Lease:
        """A folder that nobody needs to hold: it stays until somebody deletes it."""
        folder, account = _new(volatile_folder(environ))
        return cls(folder, account, kept=True)

    @classmethod
    def join(cls, folder: Path) -> Lease:
        """A hold on a folder that another process has taken."""
        return cls(folder, for_lease())

    def guard(self, server: int) -> None:
        """From now on process *server* ends with the lease. Called again, the new one takes the old one's place."""
        if self._released:
            return
        guarded = self.folder / _GUARDED
        if not guarded.exists():
            with self.end_of_file() as stdin:
                guardian = process.spawn(
                    ("/bin/sh", "-c", _GUARDIAN, "ecluse-guardian", str(self.folder)),
                    cwd=Path("/"),
                    stdin=stdin,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    user=self.account.user,
                    group=self.account.group,
                )
            process.disown(guardian)
            guarded.touch()
        os.write(self._pipe, f"{server}\n".encode())

    def end_of_file(self) -> BinaryIO:
        """A file for what is to end with the lease: reading it comes to an end then."""
        # Opening it does not wait for a writer; reading it does.
        reading = os.open(self.folder / _FIFO, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(reading, True)
        return open(reading, "rb")

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """A lock on the folder: one process at a time holds it, the others wait."""
        with open(self.folder / "lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def release(self) -> None:
        """Let go. The last to do so ends the server and deletes the folder, a few milliseconds later."""
        if self._released:
            return
        self._released = True
        os.close(self._pipe)
        os.close(self._mark)
        # A forked child (multiprocessing) has a copy of this object, but the folder is not its to delete.
        if os.getpid() != self._owner or (self.folder / _GUARDED).exists():
            return
        with contextlib.suppress(FileNotFoundError):  # another holder was the last, and faster
            if not _is_held(self.folder):
                shutil.rmtree(self.folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Delete folders in *parent* whose holder and guardian are both gone: killed together, or by a reboot."""
    for entry in os.scandir(parent):
        if not entry.name.startswith(PREFIX):
            continue
        with contextlib.suppress(OSError):
            state = entry.stat(follow_symlinks=False)
            ours = os.geteuid() in (0, state.st_uid)
            if stat.S_ISDIR(state.st_mode) and ours and time.time() - state.st_mtime > _YOUNG:
                if (Path(entry.path) / _FIFO).is_fifo() and not _is_held(Path(entry.path)):
                    shutil.rmtree(entry.path, ignore_errors=True)


def _new(parent: Path) -> tuple[Path, Account]:
    account = for_lease()
    folder = parent / f"{PREFIX}{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    account.own(folder)
    return folder, account


def _is_held(folder: Path) -> bool:
    mark = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(mark)
