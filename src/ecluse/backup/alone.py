"""The lock of commands about the data of an environment: each works alone."""

from __future__ import annotations

from contextlib import AbstractContextManager

from ecluse.deploy.contract import Data
from ecluse.machine import exclusive

__all__ = ["alone"]


def alone(data: Data, refusal: str) -> AbstractContextManager[None]:
    """Raises LockHeld with the sentence *refusal* where another command saves *data*, or brings them back."""
    return exclusive.held(data.folder / "backup.lock", refusal)
