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
    """The backup *id* was *proved* last, of data that were *saved* then; the last command about backups *failed*, if it
    did, and *why*: it *tried* to save at that time, if it was to save. Times are seconds since the epoch.
    """

    id: str = ""
    saved: float | None = None
    proved: float | None = None
    tried: float | None = None
    failed: float | None = None
    why: str = ""

    @classmethod
    def path(cls, folder: Path) -> Path:
        """The file of the note in the environment's *folder*."""
        return folder / _NAME

    @classmethod
    def read(cls, folder: Path) -> LastBackup:
        """The note in the environment's *folder*; an empty one where it cannot be read."""
        try:
            found = cls(**(durable.read_json(cls.path(folder)) or {}))
        except TypeError:
            return cls()
        times = (found.saved, found.proved, found.tried, found.failed)
        texts = isinstance(found.id, str) and isinstance(found.why, str)
        return found if texts and all(one is None or durable.is_time(one) for one in times) else cls()

    @classmethod
    def note_proof(cls, folder: Path, id: str, now: float, *, saved: float) -> None:
        """Note that the backup *id*, *saved* then, was proved. A later attempt to save that failed is still noted."""
        proof, before = cls(id=id, saved=round(saved, 3), proved=round(now, 3)), cls.read(folder)
        if before.tried is not None and before.tried > saved + 1:  # a backup names its time in whole seconds
            proof = replace(proof, tried=before.tried, failed=before.failed, why=before.why)
        proof._write(folder)

    @classmethod
    def note_failure(cls, folder: Path, why: str, now: float, *, tried: float | None) -> None:
        """Note that a backup, *tried* then, has failed; None: that a proof has. The last proof is as old as it was."""
        before = cls.read(folder)
        replace(before, tried=before.tried if tried is None else tried, failed=round(now, 3), why=why)._write(folder)

    def as_json(self) -> Mapping[str, Any]:
        return asdict(self)

    def _write(self, folder: Path) -> None:
        durable.write_json(self.path(folder), self.as_json())
