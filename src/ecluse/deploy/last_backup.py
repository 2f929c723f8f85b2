"""The last proof of an environment's backups, noted in its folder: status and monitoring ask no repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ecluse.machine import durable

__all__ = ["LastBackup"]

_NAME = "last-backup.json"


@dataclass(frozen=True, kw_only=True)
class LastBackup:
    """The backup *id* was *proved* last; the last command about backups *failed* since then, if it did, and *why*.
    Times are seconds since the epoch.
    """

    id: str = ""
    proved: float | None = None
    failed: float | None = None
    why: str = ""

    @classmethod
    def read(cls, folder: Path) -> LastBackup:
        """The note in the environment's *folder*."""
        try:
            return cls(**(durable.read_json(folder / _NAME) or {}))
        except TypeError:
            return cls()

    @classmethod
    def note_proof(cls, folder: Path, id: str, now: float) -> None:
        """Note that the backup *id* was proved."""
        cls(id=id, proved=round(now, 3))._write(folder)

    @classmethod
    def note_failure(cls, folder: Path, why: str, now: float) -> None:
        """Note that a backup, or a proof, has failed: the last proof is as old as it was."""
        replace(cls.read(folder), failed=round(now, 3), why=why)._write(folder)

    def as_json(self) -> Mapping[str, Any]:
        return asdict(self)

    def _write(self, folder: Path) -> None:
        durable.write_json(folder / _NAME, self.as_json())
