"""The places where Python looks for modules of the project: one that comes to be there is imported from then on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from ecluse.testing.own_code import is_own
from ecluse.testing.states import dependency

__all__ = ["on_disk", "searched"]


def searched(names: Iterable[str]) -> set[str]:
    """The questions that importing *names* asks, as dependencies: also of modules that were looked for in vain."""
    return {
        dependency("exists", os.path.join(folder, name.rpartition(".")[2] + ending))
        for name in names
        for folder in _folders(name)
        for ending in ("", ".py")
    }


def _folders(name: str) -> Iterator[str]:
    """The project's folders in which the module *name* is looked for; none where what it is in is no package."""
    parent = name.rpartition(".")[0]
    paths = getattr(sys.modules.get(parent), "__path__", ()) if parent else sys.path
    for path in paths:
        folder = os.path.abspath(path)
        if is_own(os.path.join(folder, "")) and os.path.isdir(folder):
            yield folder


def on_disk(path: str) -> str:
    """The file that has the module at *path*: *path* itself, or the archive that it is in."""
    archive = path
    while not os.path.exists(archive) and os.path.dirname(archive) != archive:
        archive = os.path.dirname(archive)
    return archive if os.path.isfile(archive) else path
