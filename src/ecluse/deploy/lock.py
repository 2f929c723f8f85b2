"""The lock of an environment, as a file: one rollout at a time, and a name for who holds it.

The kernel keeps it (``flock``), so it ends with the process that took it, however that ended: a ``kill -9`` leaves
nothing to clean up. The file says who, since when, and what for.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ecluse.errors import LockHeld

__all__ = ["Holder", "held", "holder", "remove"]


@dataclass(frozen=True, kw_only=True)
class Holder:
    """The holder of the lock. *since* and *heartbeat* are seconds since the epoch; the heartbeat is the last step
    begun.
    """

    who: str
    host: str
    pid: int
    what: str
    commit: str | None
    since: float
    heartbeat: float

    def __str__(self) -> str:
        since = time.strftime("%H:%M:%S", time.localtime(self.since))
        return f"{self.who} on {self.host} (process {self.pid}) since {since}: {self.what}"


class HeldLock:
    """A lock that this process holds."""

    def __init__(self, path: Path, descriptor: int, holder: Holder) -> None:
        self._path, self._descriptor, self.holder = path, descriptor, holder

    def beat(self) -> None:
        """Say that we are alive. Raises LockHeld where somebody has taken the lock from us (``ecluse unlock
        --force``).
        """
        if not _same(self._path, self._descriptor):
            raise LockHeld("the lock of this environment was removed while this rollout held it", where=str(self._path))
        self._write(time.time())

    def _write(self, heartbeat: float) -> None:
        content = json.dumps({**asdict(self.holder), "heartbeat": round(heartbeat, 3)}).encode()
        # In place: the lock is on this very file. Padded, so that a reader never sees the end of a longer one.
        os.pwrite(self._descriptor, content.ljust(1024), 0)


@contextlib.contextmanager
def held(path: Path, *, who: str, host: str, what: str, commit: str | None = None) -> Iterator[HeldLock]:
    """Hold the lock for as long as the context lasts. Raises LockHeld, naming the holder, where it is taken."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise LockHeld(
                f"another rollout is under way: {holder(path) or 'its holder has not yet said who it is'}",
                where=str(path),
                hint="wait for it; where it hangs, end that process, or take its lock: ./ecluse unlock ENV --force",
            ) from None
        if _same(path, descriptor):
            break
        os.close(descriptor)  # released and removed between our opening and our locking it
    now = round(time.time(), 3)
    lock = HeldLock(
        path,
        descriptor,
        Holder(who=who, host=host, pid=os.getpid(), what=what, commit=commit, since=now, heartbeat=now),
    )
    try:
        lock._write(now)
        yield lock
    finally:
        if _same(path, descriptor):
            path.unlink(missing_ok=True)
        os.close(descriptor)


def holder(path: Path) -> Holder | None:
    """The holder of the lock now; None where there is none. A deployer that was killed leaves the file, but not the
    lock.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        with contextlib.suppress(ValueError, TypeError):
            return Holder(**json.loads(os.pread(descriptor, 1024, 0)))
        return None
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Take the lock away from whoever holds it: a rollout that still runs stops at its next step."""
    path.unlink(missing_ok=True)


def _same(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
