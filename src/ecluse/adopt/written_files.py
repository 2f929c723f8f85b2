"""The files that adopting wrote into a repository, so that edited ones are left alone and others can be deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from ecluse.machine import durable

__all__ = ["changed_since", "forget", "note", "remember", "written"]

_FILE = Path(".ecluse", "adopted.json")
_IGNORE, _IGNORED = ".gitignore", "/.ecluse/"


def written(top: Path) -> dict[str, str]:
    """The digest of what was written to each file, by its path."""
    values = durable.read_json(top / _FILE) or {}
    return {str(name): str(digest) for name, digest in values.items()}


def remember(top: Path, files: Mapping[str, str]) -> None:
    """Write *files*, and remember that they are ours."""
    known = written(top)
    for name, content in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(content, encoding="utf-8")
        known[name] = _digest(content.encode())
    (top / _FILE).parent.mkdir(exist_ok=True)
    durable.write_json(top / _FILE, known)


def note(top: Path, names: Iterable[str]) -> None:
    """Remember the files *names*, which somebody else has written for us."""
    known = written(top) | {name: _digest((top / name).read_bytes()) for name in names}
    durable.write_json(top / _FILE, known)


def changed_since(top: Path, name: str) -> bool:
    """Whether the file *name* is there and is not what was written: a person's own, or edited by one."""
    try:
        return _digest((top / name).read_bytes()) != written(top).get(name)
    except FileNotFoundError:
        return False


def forget(top: Path) -> tuple[list[str], list[str]]:
    """Delete what was written and not edited since. Returns the names of the deleted files, and of the kept ones."""
    deleted, kept = [], []
    for name in written(top):
        if name == _IGNORE:
            _forget_ignored(top)
        elif changed_since(top, name):
            kept.append(name)
        elif (top / name).is_file():
            (top / name).unlink()
            deleted.append(name)
    (top / _FILE).unlink(missing_ok=True)
    return deleted, kept


def _forget_ignored(top: Path) -> None:
    """Take our line out of .gitignore. The tool's folder ignores itself from now on: it may hold a site's data."""
    (top / ".ecluse" / _IGNORE).write_text("*\n", encoding="ascii")
    path = top / _IGNORE
    lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
    rest = "".join(line for line in lines if line.strip() != _IGNORED)
    if rest:
        path.write_text(rest, encoding="utf-8", errors="surrogateescape")
    else:
        path.unlink()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
