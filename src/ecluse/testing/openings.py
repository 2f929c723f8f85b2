"""The opening of a file by a program: which file it is, and whether it is read or written."""

from __future__ import annotations

import contextlib
import os
from importlib.util import source_from_cache
from typing import Any
from urllib.parse import unquote

__all__ = ["beside", "path_of", "purpose", "source_of", "sqlite_files"]


def path_of(subject: Any) -> str | None:
    """*subject* of a question as an absolute path; None where it is no path."""
    if subject is None:
        return os.getcwd()
    if isinstance(subject, int):
        with contextlib.suppress(OSError):
            path = os.readlink(f"/proc/self/fd/{subject}")
            return path if os.path.isabs(path) else None
        return None
    if isinstance(subject, bytes):
        subject = os.fsdecode(subject)
    return os.path.abspath(os.fspath(subject)) if isinstance(subject, (str, os.PathLike)) else None


def beside(folder: int, subject: Any) -> str | None:
    """The path of *subject*, which is relative to the open *folder*; None where that is not known."""
    base = path_of(folder)
    return os.path.join(base, os.fsdecode(subject)) if base is not None else None


def purpose(mode: Any, flags: Any) -> tuple[bool, str]:
    """Whether a file is opened to be read, and how it is written: "anew", "on", or not at all (empty)."""
    if isinstance(mode, str):
        plus = "+" in mode
        if set(mode) & {"w", "x"}:
            return False, "anew"
        return (plus or "a" not in mode), ("on" if plus or "a" in mode else "")
    if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR):
        return True, ""
    anew = bool(flags & os.O_TRUNC)
    return bool(flags & os.O_RDWR) and not anew, "anew" if anew else "on"


def source_of(path: str | None) -> str | None:
    """The path of the source of the byte code at *path*; any other path as it is."""
    if path is not None and path.endswith(".pyc"):
        with contextlib.suppress(ValueError, NotImplementedError):
            return source_from_cache(path)
    return path


def sqlite_files(subject: Any) -> list[str]:
    """The files that the database *subject* of SQLite may be in, a path or a URI; none where it is in memory.

    https://www.sqlite.org/uri.html
    """
    text = os.fsdecode(subject) if isinstance(subject, (str, bytes, os.PathLike)) else ""
    names = [text]
    if text.startswith("file:"):
        name = text[5:].partition("#")[0].partition("?")[0]
        if name.startswith("//"):
            name = "/" + name[2:].partition("/")[2]
        names.append(unquote(name))  # only with uri=True, which is not announced: else it is a path as it stands
    return [os.path.abspath(name) for name in names if name and name != ":memory:"]
