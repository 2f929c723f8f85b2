"""Sizes of files and disks, as people write them."""

from __future__ import annotations

__all__ = ["in_words"]


def in_words(number: int) -> str:
    """*number* of bytes: ``17 bytes``, ``4.1 kB``, ``250.0 MB``, ``1.3 GB``."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number} bytes"
