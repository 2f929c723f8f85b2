"""The records of an environment in the swarm itself: lock, journal and history. Every manager has them, and they
survive the deployer.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from ecluse.deploy.history import Journal, Record
from ecluse.deploy.lock import Holder
from ecluse.deploy.targets.swarm.api import Api, Conflict, Missing
from ecluse.deploy.targets.swarm.objects import Kept, Objects
from ecluse.deploy.targets.swarm.tasks import seconds
from ecluse.errors import EcluseError, LockHeld
from ecluse.machine import process

__all__ = ["SwarmLock", "SwarmLedger", "SwarmRecords"]

BEAT = 10.0
"""Seconds between two signs of life of who holds the lock."""

STALE = 60.0
"""Seconds without one, by the swarm's own clock, after which the lock is anybody's."""

HISTORY = 200
"""Records that are kept."""

_HOLDER, _JOURNAL = "ecluse.holder", "ecluse.journal"


class SwarmLock:
    """The environment's lock: a config, whose name only one can take. Its labels say who holds it.

    A deployer that was killed cannot give it back. So the holder sends a heartbeat, and a lock without one for a minute
    is free. On the holder's own machine its process is looked for, and nobody waits.
    """

    def __init__(self, api: Api, objects: Objects, environment: str) -> None:
        self._api, self._objects, self._environment = api, objects, environment

    def holder(self) -> Holder | None:
        """Who holds the lock; None where nobody does, or where its holder has died."""
        kept = self._objects.get("lock")
        return None if kept is None or self._dead(kept) else _holder(kept)

    def remove(self) -> None:
        """Take it from whoever holds it: a rollout that still runs stops at its next step."""
        self._objects.delete(f"{self._objects.stack}_lock")

    @contextlib.contextmanager
    def held(self, *, who: str, host: str, what: str, commit: str | None = None) -> Iterator[Callable[[], None]]:
        """Hold the lock for as long as the context lasts. Yields a function that raises LockHeld once it was taken.

        Raises LockHeld, naming the holder, where it is taken.
        """
        now = round(time.time(), 3)
        ours = Holder(who=who, host=host, pid=os.getpid(), what=what, commit=commit, since=now, heartbeat=now)
        identity = self._take(ours)
        lost = threading.Event()
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(BEAT):
                # What cannot be reached now may be in ten seconds: only the swarm says that the lock is gone.
                with contextlib.suppress(EcluseError):
                    self._beat(identity, ours, lost)

        def check() -> None:
            if not lost.is_set():
                self._beat(identity, ours, lost)
            if lost.is_set():
                raise LockHeld(
                    "the lock of this environment was taken while this rollout held it", where=self._environment
                )

        thread = threading.Thread(target=beat, name="lock", daemon=True)
        thread.start()
        try:
            yield check
        finally:
            ended.set()
            thread.join()
            with contextlib.suppress(EcluseError):
                self._objects.delete(identity)

    def _take(self, ours: Holder) -> str:
        labels = {_HOLDER: json.dumps(asdict(ours))}
        for _ in range(5):
            with contextlib.suppress(Conflict):
                return self._objects.create("lock", "lock", str(ours).encode(), labels)
            kept = self._objects.get("lock")
            if kept is not None and self._dead(kept):
                self._objects.delete(kept.id)  # this one, not whatever has the name by now
            elif kept is not None:
                break
        holder = _holder(kept) if kept else "somebody"
        raise LockHeld(
            f"another rollout is under way: {holder}",
            where=self._environment,
            hint=f"wait for it; where it hangs, take its lock: ./ecluse unlock {self._environment} --force",
        )

    def _beat(self, identity: str, ours: Holder, lost: threading.Event) -> None:
        kept = self._objects.get("lock")
        if kept is None or kept.id != identity:
            lost.set()
            return
        label = {_HOLDER: json.dumps({**asdict(ours), "heartbeat": round(time.time(), 3)})}
        with contextlib.suppress(Conflict, Missing):  # another beat of ours; or it is gone, which the next one sees
            self._objects.relabel(kept, label)

    def _dead(self, kept: Kept) -> bool:
        holder = _holder(kept)
        if holder is not None and holder.host == os.uname().nodename and not process.runs(holder.pid):
            return True
        now = seconds(self._api.get("/info")["SystemTime"])
        return now - seconds(kept.updated) > STALE


class SwarmLedger:
    """The ledger of an environment. *check* is called before each write.

    Fits :class:`ecluse.deploy.contract.Ledger`.
    """

    def __init__(self, objects: Objects, check: Callable[[], None] = lambda: None) -> None:
        self._objects, self._check = objects, check

    def journal(self) -> Journal | None:
        """The rollout that was interrupted, if one was."""
        kept = self._objects.get("journal")
        return None if kept is None else Journal.from_json(json.loads(kept.labels[_JOURNAL]))

    def write(self, journal: Journal) -> None:
        self._check()
        label = {_JOURNAL: json.dumps(journal.as_json())}
        kept = self._objects.get("journal")
        if kept is None:
            self._objects.create("journal", "journal", b"a rollout is under way", label)
        elif kept.labels.get(_JOURNAL) != label[_JOURNAL]:
            self._objects.relabel(kept, label)

    def clear(self) -> None:
        self._objects.delete(f"{self._objects.stack}_journal")

    def history(self) -> Sequence[Record]:
        """All rollouts that ended, oldest first."""
        found = []
        for kept in self._objects.all("history"):
            with contextlib.suppress(ValueError, TypeError, KeyError):  # of another version of ecluse
                found.append(Record.from_json(json.loads(kept.data or b"")))
        return sorted(found, key=lambda record: record.began)

    def append(self, record: Record) -> None:
        with contextlib.suppress(Conflict):  # written down before an interruption
            self._objects.create(f"history_{record.id}", "history", json.dumps(record.as_json()).encode())
        for old in self._objects.all("history")[:-HISTORY]:
            self._objects.delete(old.id)


class SwarmRecords:
    """The records of an environment. *began* is called once the lock is held, before anything is done.

    Fits :class:`ecluse.deploy.contract.Records`.
    """

    def __init__(self, lock: SwarmLock, objects: Objects, began: Callable[[], None]) -> None:
        self._lock, self._objects, self._began = lock, objects, began

    def ledger(self) -> SwarmLedger:
        return SwarmLedger(self._objects)

    @contextlib.contextmanager
    def held(self, *, who: str, host: str, what: str, commit: str | None = None) -> Iterator[SwarmLedger]:
        with self._lock.held(who=who, host=host, what=what, commit=commit) as check:
            self._began()
            yield SwarmLedger(self._objects, check)

    def holder(self) -> Holder | None:
        return self._lock.holder()

    def unlock(self) -> None:
        self._lock.remove()


def _holder(kept: Kept) -> Holder | None:
    with contextlib.suppress(ValueError, TypeError, KeyError):
        return Holder(**json.loads(kept.labels[_HOLDER]))
    return None
