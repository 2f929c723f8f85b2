"""The room on the disk of a site for a second copy of its data."""

from __future__ import annotations

import shutil
from pathlib import Path

from ecluse.errors import BackupError
from ecluse.machine.sizes import in_words

__all__ = ["require"]

_MARGIN = 300_000_000
"""Bytes that an empty PostgreSQL takes, and that stay free for the site."""


def require(folder: Path, needed: int, sentence: str) -> None:
    """Raise BackupError where the disk of *folder* has not the *needed* bytes, and some more. The error begins with
    *sentence*, in which ``{}`` stands for the bytes.
    """
    wanted, free = needed + _MARGIN, shutil.disk_usage(folder).free
    if free < wanted:
        raise BackupError(f"{sentence.format(in_words(wanted))}, and {in_words(free)} are free", where=str(folder))
