"""The room on the disk that a release needs: asked before it is written, so that it never fills the disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ecluse.errors import TargetError
from ecluse.machine.sizes import in_words

__all__ = ["require", "size"]


def require(folder: Path, needed: int, what: str) -> None:
    """Raise TargetError, with the figures, where the disk of *folder* has not the *needed* bytes for *what*."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise TargetError(
            f"{what} needs about {in_words(needed)} on the disk, and {in_words(free)} are free: it would fill it",
            where=str(folder),
            hint="delete what is not needed: `du -xh / | sort -h | tail` on that machine shows the largest folders",
        )


def size(folder: Path) -> int:
    """The bytes that the files in *folder* take on the disk."""
    found = 0
    for parent, _, names in os.walk(folder):
        found += sum(os.lstat(os.path.join(parent, name)).st_blocks * 512 for name in names)
    return found
