"""Files and folders by their age, where other processes may delete some meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["newest_first"]


def newest_first(paths: Iterable[Path]) -> list[Path]:
    """*paths* that are there, the one that was changed last first."""
    found: list[tuple[float, Path]] = []
    for path in paths:
        with suppress(FileNotFoundError):  # another process was faster
            found.append((path.stat().st_mtime, path))
    return [path for _time, path in sorted(found, reverse=True)]
