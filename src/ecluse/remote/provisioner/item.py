"""A part of the server that is provisioned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ecluse.remote.provisioner.debian import difference, write

__all__ = ["Item", "a_file"]


@dataclass(frozen=True)
class Item:
    """A part of the server. *change* says what would change, empty where nothing would; *apply* changes it. *guarded*:
    it could shut everybody out. *note* is a word that people should read, of what no item changes.
    *late*: that it fails is said at the end, and keeps no other part from being done.
    """

    name: str
    change: Callable[[], str]
    apply: Callable[[], None]
    guarded: bool = False
    note: Callable[[], str] = str
    late: bool = False


def a_file(name: str, path: Path, content: str, mode: int = 0o644) -> Item:
    return Item(name, lambda: difference(path, content), lambda: write(path, content, mode))
