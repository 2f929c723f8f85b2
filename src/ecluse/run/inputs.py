"""What a job's inputs hold: the files that Git knows (tracked, or new and not ignored), by a hash of their content.

Hashing thousands of files takes a second, asking for their times takes milliseconds. So an index remembers each hash
with what ``stat`` said, as Git's own does: https://git-scm.com/docs/index-format.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from stat import S_ISLNK, S_ISREG
from threading import Lock

from ecluse.machine import durable, git

__all__ = ["Inputs", "chosen", "glob"]

# A file changed within the clock's step after it was hashed would look unchanged ("racy Git"): what is this young, in
# nanoseconds, is hashed again next time.
_YOUNG = 2_000_000_000


class Inputs:
    """The working tree below *top* as Git sees it. *index* is where hashes are remembered. Safe to use from threads."""

    def __init__(self, top: Path, index: Path) -> None:
        self._top = top
        self._index = index
        self._lock = Lock()
        self._known: dict[str, list[object]] = _read(index)
        self._changed = False

    def digest(self, patterns: Iterable[str]) -> dict[str, str]:
        """The hash of every file that *patterns* choose, as it is now. Raises RepositoryError outside of Git."""
        hashes = {path: self._hash(path) for path in sorted(chosen(self._files(), patterns))}
        return {path: digest for path, digest in hashes.items() if digest is not None}

    def save(self) -> None:
        """Remember the hashes for the next run."""
        with self._lock:
            if self._changed:
                self._index.parent.mkdir(parents=True, exist_ok=True)
                durable.write(self._index, json.dumps(self._known, separators=(",", ":")))

    def _files(self) -> tuple[str, ...]:
        return git.known_files(self._top)

    def _hash(self, path: str) -> str | None:
        """The hash of a file's content and whether it is executable; None for what is not a file (any more)."""
        file = self._top / path
        try:
            status = file.lstat()
            seen = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_mode]
            with self._lock:
                known = self._known.get(path)
            if known and known[:-1] == seen:
                return str(known[-1])
            if S_ISLNK(status.st_mode):
                content = os.fsencode(os.readlink(file))
            elif S_ISREG(status.st_mode):
                content = file.read_bytes()
            else:
                return None
        except OSError:
            return None
        kind = "link" if S_ISLNK(status.st_mode) else "program" if status.st_mode & 0o111 else "file"
        digest = hashlib.sha256(f"{kind}\0".encode() + content).hexdigest()[:32]
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _YOUNG:
            with self._lock:
                self._known[path] = [*seen, digest]
                self._changed = True
        return digest


def chosen(paths: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """The *paths* that match one of *patterns* and no pattern behind a ``!``, in whatever order the patterns are."""
    wanted: list[re.Pattern[str]] = []
    unwanted: list[re.Pattern[str]] = []
    for pattern in patterns:
        (unwanted if pattern.startswith("!") else wanted).append(glob(pattern.removeprefix("!")))
    return [
        path
        for path in paths
        if any(one.fullmatch(path) for one in wanted) and not any(one.fullmatch(path) for one in unwanted)
    ]


@cache
def glob(pattern: str) -> re.Pattern[str]:
    """*pattern* as an expression over paths: ``*`` and ``?`` stay within a folder, ``**`` does not.

    A folder's name alone stands for all it holds.
    """
    tokens = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.strip("/"))
    return re.compile("".join(tokens.get(part, re.escape(part)) for part in parts) + "(?:/.*)?", re.DOTALL)


def _read(index: Path) -> dict[str, list[object]]:
    try:
        known = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
