"""The static files of staged releases. A page of one release may ask a process of another for its files, so each folder
also has links to the files of the releases that are kept beside it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from ecluse.machine import durable

__all__ = ["copy", "is_noted", "note", "prune", "share"]

_LIST = "static.txt"
"""The file, in the folder of a release, with the names of its own static files: each ends with a NUL, since a name may
have a newline in it, and need not be UTF-8.
"""


def note(folder: Path) -> None:
    """Note the static files of the release in *folder*, before it gets those of others."""
    durable.write(folder / _LIST, b"".join(os.fsencode(name) + b"\0" for name in sorted(_files(folder))))


def is_noted(folder: Path) -> bool:
    """Whether that was done: it was not by earlier versions."""
    return (folder / _LIST).is_file()


def copy(source: Path, folder: Path) -> None:
    """Link the own static files of the release in *source* into the new *folder*."""
    (folder / "static").mkdir(exist_ok=True)
    share(folder, [source])


def share(folder: Path, others: Iterable[Path]) -> None:
    """Link the own static files of the releases *others* into the release in *folder*, which keeps its own ones."""
    for other in others:
        for name in _own(other) if other != folder else ():
            copy = folder / "static" / name
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileExistsError, FileNotFoundError):
                    os.link(other / "static" / name, copy)


def prune(folder: Path, kept: Iterable[Path]) -> None:
    """Delete the static files in *folder* that no release of *kept* has."""
    used = {name for one in (folder, *kept) for name in _own(one)}
    for name in _files(folder) - used:
        (folder / "static" / name).unlink(missing_ok=True)


def _own(folder: Path) -> set[str]:
    if not is_noted(folder):
        return _files(folder)
    text = (folder / _LIST).read_bytes()
    end = b"\0" if b"\0" in text else b"\n"  # as earlier versions wrote it
    return {os.fsdecode(name) for name in text.split(end) if name}


def _files(folder: Path) -> set[str]:
    top = folder / "static"
    return {str(path.relative_to(top)) for path in top.rglob("*") if not path.is_dir()}
