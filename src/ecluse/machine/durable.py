"""Durable files: written whole or not at all, even after a crash while writing."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["append", "is_time", "link", "read_json", "write", "write_json"]

_LATEST = 253_402_300_800
"""The year 10000, in seconds since the epoch: later times cannot be shown."""


def write(path: Path, content: str | bytes, *, mode: int = 0o644, owner: tuple[int, int] | None = None) -> None:
    """Replace *path* with *content* in one step; it is on disk when this returns. *owner* is a user's and a group's
    id.
    """
    try:
        descriptor, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:  # which names the scratch file, of which nobody has heard
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(scratch)
        raise
    _sync(path.parent)


def write_json(path: Path, value: object, *, mode: int = 0o644, owner: tuple[int, int] | None = None) -> None:
    """Replace *path* with *value* as JSON, as :func:`write` does."""
    write(path, json.dumps(value, indent=1) + "\n", mode=mode, owner=owner)


def read_json(path: Path) -> Mapping[str, Any] | None:
    """The JSON object in *path*; None if there is no such file, or no object in it."""
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def is_time(value: object) -> bool:
    """Whether *value*, as a file has it, is a number of seconds, or a time in seconds since the epoch."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LATEST


def link(path: Path, target: Path) -> None:
    """Replace *path* with a symbolic link to *target*, in one step."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(target)
    os.replace(scratch, path)


def append(path: Path, line: str) -> None:
    """Add *line* to *path*; it is on disk when this returns. It does not join a line whose end was lost."""
    with open(path, "ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else "\n" + line
        file.write((line + "\n").encode())
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
