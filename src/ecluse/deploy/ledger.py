"""Lock, journal and history of an environment, as files in the target's folder. Every write is on disk when it
returns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from ecluse.deploy.history import Journal, Record
from ecluse.machine import durable

__all__ = ["Folder"]


class Folder:
    """The ledger in *folder* (see :class:`ecluse.deploy.rollout.Ledger`). *beat* is called before each step begins."""

    def __init__(self, folder: Path, beat: Callable[[], None] = lambda: None) -> None:
        self._beat = beat
        self._journal = folder / "journal.json"
        self._history = folder / "history.jsonl"

    def journal(self) -> Journal | None:
        """The rollout that was interrupted, if one was."""
        value = durable.read_json(self._journal)
        return None if value is None else Journal.from_json(value)

    def write(self, journal: Journal) -> None:
        self._beat()
        durable.write_json(self._journal, journal.as_json())

    def clear(self) -> None:
        self._journal.unlink(missing_ok=True)

    def history(self) -> Sequence[Record]:
        """All rollouts that ended, oldest first."""
        try:
            lines = self._history.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        records = []
        for line in lines:
            try:
                records.append(Record.from_json(json.loads(line)))
            except (ValueError, TypeError, KeyError):
                continue  # the last line of a machine that lost its power, or one of another version of ecluse
        return records

    def append(self, record: Record) -> None:
        durable.append(self._history, json.dumps(record.as_json()))
