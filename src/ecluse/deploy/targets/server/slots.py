"""Slots: in each, Supervisor runs one process of the site.

Two serve; in the two others the next release is started beside them. The files of a slot say what it runs:

    slot.json   the release that it is for, and how to start it (see starter.py)
    lock        held by the processes that run in it
    address     the private address of the process
    open        the release that may take requests in it: what a restarted process goes by
    accepting   the release that does
    errors      a line for each error of the site and each worker that ended
    ended-PID   of a worker of gunicorn that ended in good order, until gunicorn has noticed
    counts      the answers of the site, their durations and errors (see counts.py)
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecluse.deploy.targets.server.counts import Tally, minutes_of, total_of
from ecluse.machine import durable
from ecluse.services.account import Account

__all__ = ["GROUP", "HOLDER", "PROCESSES", "Slot", "holder", "slots", "worker_slots"]

GROUP = "web"
PROCESSES = 2
HOLDER = 0
"""The number of the slot whose process holds the listening socket open, and does nothing else."""


@dataclass(frozen=True)
class Slot:
    """A slot of a group, by its number."""

    folder: Path
    number: int
    group: str = GROUP

    @property
    def name(self) -> str:
        """The slot's name in Supervisor."""
        return f"{self.group}:{self.number}"

    def reserve(self, account: Account) -> None:
        """Make its folder, which the account of its process writes to."""
        self.folder.parent.mkdir(exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        account.own(self.folder)

    def describe(
        self, release: str, folder: Path, argv: Sequence[str], environment: Mapping[str, str], account: Account
    ) -> None:
        """Say what the slot is to run. It must be empty."""
        self.reserve(account)
        self.clear()
        description = {"release": release, "folder": str(folder), "argv": list(argv), "environment": dict(environment)}
        # Secrets are in it.
        owner = (account.uid, account.gid) if account.switch else None
        durable.write_json(self.folder / "slot.json", description, mode=0o600, owner=owner)

    def clear(self) -> None:
        """Say that it runs nothing."""
        for left in self.folder.glob("ended-*"):
            left.unlink(missing_ok=True)
        for name in ("open", "accepting", "address", "errors", "counts", "slot.json"):
            (self.folder / name).unlink(missing_ok=True)

    @property
    def release(self) -> str | None:
        """The release that it is for."""
        release = (durable.read_json(self.folder / "slot.json") or {}).get("release")
        return release if isinstance(release, str) else None

    @property
    def address(self) -> str | None:
        """The private address of its process, ``host:port``, once it has one."""
        return self._read("address") or None

    def open(self) -> None:
        """Let its process take requests. Where it does, nothing is written: that also works on a full disk."""
        if self.is_open:
            return
        durable.write(self.folder / "open", f"{self.release}\n")

    @property
    def is_open(self) -> bool:
        """Whether its process may take requests."""
        release = self.release
        return release is not None and self._read("open") == release

    @property
    def accepting(self) -> bool:
        """Whether its process does take requests."""
        return bool(self._read("accepting"))

    @property
    def errors(self) -> Sequence[str]:
        """The errors that the slot's process has noted since it started."""
        return self._read("errors").splitlines()

    @property
    def counts(self) -> Tally:
        """The answers that it has given since it was described, but for health addresses."""
        return total_of(self.folder / "counts")

    def last(self, minutes: int) -> Tally:
        """The answers that it has given in the last *minutes*."""
        return minutes_of(self.folder / "counts", minutes)

    @property
    def was_used(self) -> bool:
        """Whether a process has ever run in it."""
        return (self.folder / "lock").exists()

    def process(self) -> int | None:
        """The process id of what still runs in it, whoever started that; 0 where it is not known, None where nothing
        does.
        """
        try:
            descriptor = os.open(self.folder / "lock", os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            text = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            return int(text) if text.isdigit() else 0
        finally:
            os.close(descriptor)

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""


def slots(folder: Path) -> tuple[Slot, ...]:
    """The slots of the site's processes: twice as many as serve."""
    return tuple(Slot(folder / str(number), number) for number in range(1, 2 * PROCESSES + 1))


def worker_slots(folder: Path, name: str) -> tuple[Slot, ...]:
    """The slots of the worker *name*: of the one that works, and of the next."""
    return tuple(Slot(folder / name / str(number), number, name) for number in (1, 2))


def holder(folder: Path) -> Slot:
    """The slot of the process that holds the socket."""
    return Slot(folder / str(HOLDER), HOLDER)
