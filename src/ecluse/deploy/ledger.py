"""The records of an environment as files in a folder: lock, journal and history. Every write is on disk when it
returns.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ecluse.deploy import lock as locks
from ecluse.deploy.history import Journal, Record
from ecluse.deploy.lock import Holder
from ecluse.errors import TargetError
from ecluse.machine import durable

__all__ = ["FolderLedger", "FolderRecords"]


class FolderRecords:
    """The records in *folder*. Fits :class:`ecluse.deploy.contract.Records`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, folder / "lock"

    def ledger(self) -> FolderLedger:
        return FolderLedger(self._folder)

    @contextmanager
    def held(self, *, who: str, host: str, what: str, commit: str | None = None) -> Iterator[FolderLedger]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with locks.held(self._lock, who=who, host=host, what=what, commit=commit) as held:
            yield FolderLedger(self._folder, held.beat)

    def holder(self) -> Holder | None:
        return locks.holder(self._lock)

    def unlock(self) -> None:
        locks.remove(self._lock)


class FolderLedger:
    """The ledger in *folder*. *beat* is called before each step begins. Fits :class:`ecluse.deploy.contract.Ledger`."""

    def __init__(self, folder: Path, beat: Callable[[], None] = lambda: None) -> None:
        self._beat = beat
        self._journal = folder / "journal.json"
        self._history = folder / "history.jsonl"

    def journal(self) -> Journal | None:
        """The rollout that was interrupted, if one was. Raises TargetError where the journal cannot be read."""
        if not os.path.lexists(self._journal):
            return None
        try:
            return Journal.from_json(json.loads(self._journal.read_bytes()))
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            if not os.path.lexists(self._journal):  # its rollout has ended meanwhile
                return None
            raise TargetError(
                "the journal of an interrupted rollout cannot be read, and is not overwritten",
                where=str(self._journal),
                hint="where nothing but one release serves (./ecluse logs shows it), move this file away; or stop "
                "the environment, and start it",
            ) from None

    def write(self, journal: Journal) -> None:
        self._beat()
        durable.write_json(self._journal, journal.as_json())

    def clear(self) -> None:
        self._journal.unlink(missing_ok=True)

    def history(self) -> Sequence[Record]:
        """All rollouts that ended, oldest first."""
        try:
            lines = self._history.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        records = []
        for line in lines:
            try:
                records.append(Record.from_json(json.loads(line)))
            except (ValueError, TypeError, KeyError, RecursionError):
                continue  # the last line of a machine that lost its power, or one of another version of ecluse
        return records

    def append(self, record: Record) -> None:
        durable.append(self._history, json.dumps(record.as_json()))
