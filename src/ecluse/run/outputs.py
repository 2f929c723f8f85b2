"""The output of a leg for people: no secret is in its text files, and their paths are the repository's."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from ecluse.secrets import masked

__all__ = ["located", "mask"]

# Bytes of a file that are looked at to tell a text.
_HEAD = 8192


def mask(folder: Path) -> None:
    """Mask every secret in the text files of *folder*: JUnit's XML, coverage, logs that a step wrote itself."""
    for parent, _folders, names in os.walk(folder):
        for name in names:
            file = Path(parent, name)
            if file.is_file() and not file.is_symlink():
                with suppress(PermissionError):  # what we may not read is not shown either
                    _mask(file)


def _mask(file: Path) -> None:
    content = file.read_bytes()
    if b"\0" in content[:_HEAD]:
        return
    text = content.decode("utf-8", "surrogateescape")
    shown = masked(text)
    if shown != text:
        file.write_bytes(shown.encode("utf-8", "surrogateescape"))


def located(path: str, files: Collection[str]) -> str:
    """The path from the repository's top of what a tool calls *path*, which may run in a folder of its own.

    *files* are all that git knows. Where none ends so, or several do, *path* stays as it is.
    """
    short = os.path.normpath(path)
    if short in files:
        return short
    ending = [file for file in files if file.endswith(f"/{short}")]
    return ending[0] if len(ending) == 1 else path
