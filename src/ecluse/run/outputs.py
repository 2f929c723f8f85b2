"""The output of a leg for people: no secret is in its files, and their paths are the repository's."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from ecluse.secrets import masked, masked_bytes

__all__ = ["located", "mask"]


def mask(folder: Path, releases: Sequence[Path] = ()) -> None:
    """Mask every secret in the files of *folder*, in their names and in the targets of links.

    A text (JUnit's XML, a log that a step wrote itself) is masked as logs are; in what is no text, values are
    overwritten. A file that may not be written is replaced. Of *releases*, files or folders, only the texts are masked:
    an archive would no longer be the one whose digest is known.
    """
    for parent, folders, names in os.walk(folder, topdown=False):
        for name in (*names, *folders):
            path = Path(parent, name)
            _mask(path, any(path.is_relative_to(one) for one in releases))
            _rename(path)


def _mask(file: Path, of_release: bool) -> None:
    if file.is_symlink():
        target = os.readlink(file)
        if masked(target) != target:
            file.unlink()
            file.symlink_to(masked(target))
    elif file.is_file():
        with suppress(PermissionError):  # what we may not read is not shown either
            content = file.read_bytes()
            shown = content if of_release and b"\0" in content else masked_bytes(content)
            if shown != content:
                mode = file.stat().st_mode
                file.unlink()  # it may be one that may not be written, or have another name outside
                file.write_bytes(shown)
                file.chmod(mode)


def _rename(path: Path) -> None:
    name = masked(path.name)
    if name == path.name:
        return
    number, free = 1, path.with_name(name)
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{number}-{name}")
    path.rename(free)


def located(path: str, files: Collection[str]) -> str:
    """The path from the repository's top of what a tool calls *path*, which may run in a folder of its own.

    *files* are all that git knows. Where none ends so, or several do, *path* stays as it is.
    """
    short = os.path.normpath(path)
    if short in files:
        return short
    ending = [file for file in files if file.endswith(f"/{short}")]
    return ending[0] if len(ending) == 1 else path
