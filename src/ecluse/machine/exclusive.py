"""A file that one process holds at a time, and that nobody holds any more when that process has ended."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from ecluse.errors import LockHeld

__all__ = ["held"]


@contextlib.contextmanager
def held(path: Path, refusal: str) -> Iterator[None]:
    """Hold *path*, which is made. Raises LockHeld with the sentence *refusal* where another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(refusal, where=str(path), hint="wait for its end") from None
        yield
    finally:
        os.close(descriptor)
