"""Files and folders by their age, where other processes may delete some meanwhile."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["delete_abandoned", "newest_first"]

_DAY = 24 * 60 * 60


def newest_first(paths: Iterable[Path]) -> list[Path]:
    """*paths* that are there, the one that was changed last first."""
    found: list[tuple[float, Path]] = []
    for path in paths:
        with suppress(FileNotFoundError):  # another process was faster
            found.append((path.stat().st_mtime, path))
    return [path for _time, path in sorted(found, reverse=True)]


def delete_abandoned(scratch: Iterable[Path]) -> None:
    """Delete the folders of *scratch* that are older than a day: whoever made them was killed, or the machine was."""
    for folder in scratch:
        with suppress(OSError):
            if folder.stat().st_mtime < time.time() - _DAY:
                shutil.rmtree(folder, ignore_errors=True)
