"""The records of an environment in the swarm itself: journal and history, beside the lock. Every manager has them, and
they survive the deployer.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence

from ecluse.deploy.history import Journal, Record
from ecluse.deploy.lock import Holder
from ecluse.deploy.targets.swarm.api import Conflict
from ecluse.deploy.targets.swarm.lock import SwarmLock
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.owner import Owner

__all__ = ["SwarmLedger", "SwarmRecords"]

HISTORY = 200
"""Records that are kept."""

_JOURNAL = "ecluse.journal"


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
    """The records of an environment, which *owner* knows the repository of. *began* is called once the lock is held,
    before anything is done.

    Fits :class:`ecluse.deploy.contract.Records`.
    """

    def __init__(self, lock: SwarmLock, objects: Objects, owner: Owner, began: Callable[[], None]) -> None:
        self._lock, self._objects, self._owner, self._began = lock, objects, owner, began

    def ledger(self) -> SwarmLedger:
        return SwarmLedger(self._objects)

    @contextlib.contextmanager
    def held(self, *, who: str, host: str, what: str, commit: str | None = None) -> Iterator[SwarmLedger]:
        with self._lock.held(who=who, host=host, what=what, commit=commit) as check:
            self._owner.claim(f"{who}@{host}")
            self._began()
            yield SwarmLedger(self._objects, check)

    def holder(self) -> Holder | None:
        return self._lock.holder()

    def unlock(self) -> None:
        self._lock.remove()
