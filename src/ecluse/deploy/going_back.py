"""Going back with the data: which dump belongs to a rollback, and what keeps such dumps."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ecluse.deploy.history import Record
from ecluse.errors import PreflightError

__all__ = ["Dumps", "dumped"]


class Dumps(Protocol):
    """The dumps of an environment's database that are kept beside it."""

    def take(self, id: str) -> str | None:
        """Dump the database for the rollout *id*. Returns the name of the dump; None, and says why, where that is not
        possible.
        """

    def loss(self, name: str) -> Sequence[str]:
        """The loss of going back to the dump *name*: a sentence for each part. Raises BackupError where it is not
        kept.
        """

    def in_place(self, name: str) -> AbstractContextManager[None]:
        """Put the dump *name* in the place of the database for the block, and for good where that ends well; else the
        database is put back.
        """


def dumped(history: Sequence[Record], environment: str) -> Record:
    """The rollout whose migrations a rollback with the data takes back: the last one that had any. Raises
    PreflightError where no dump was taken before them.
    """
    for record in reversed(history):
        if record.restored is not None and record.outcome == "succeeded":
            break
        if record.migrations and record.previous is not None:
            if record.dump is not None:
                return record
            raise PreflightError(
                f"no dump was taken before the migrations of release {record.release}: {', '.join(record.migrations)}",
                hint=f"a backup may have the data: ./ecluse backups {environment}",
            )
    raise PreflightError(
        "no rollout has migrated the database since it was as it is",
        hint=f"./ecluse rollback {environment} goes back without the data",
    )
