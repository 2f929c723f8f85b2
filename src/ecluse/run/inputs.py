"""The inputs of a job: files that git knows (tracked, or new and not ignored), by a hash of their content.

Hashing thousands of files takes a second, asking for their times takes milliseconds. So an index remembers each hash
with what ``stat`` said, as Git's own does: https://git-scm.com/docs/index-format.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_IMODE, S_ISDIR, S_ISLNK, S_ISREG
from threading import Lock

from ecluse.definition.model import Pipeline
from ecluse.errors import DefinitionError, RepositoryError
from ecluse.machine import durable, git
from ecluse.run.patterns import chosen, unmatched

__all__ = ["Inputs", "Snapshot", "check"]

# A file changed within the clock's step after it was hashed would look unchanged ("racy Git"): what is this young, in
# nanoseconds, is hashed again next time.
_YOUNG = 2_000_000_000


@dataclass
class Snapshot:
    """A job's inputs at one moment.

    *hashes* is what decides the outcome, by path. *states* is what ``stat`` said of everything that was hashed: a file
    that was changed and changed back has its old hash and another state. *covered* are the real paths whose content is
    in a hash, also through links. *tree* is all that git knew then.
    """

    tree: git.Tree
    hashes: dict[str, str] = field(default_factory=dict)
    states: dict[str, list[int]] = field(default_factory=dict)
    covered: set[str] = field(default_factory=set)


def check(pipeline: Pipeline, top: Path) -> None:
    """Raises DefinitionError where an input of a job matches no file that git knows: such a job would never change.

    Outside of a repository nothing is known, and nothing is refused: no success is remembered there.
    """
    if not any(job.inputs for job in pipeline.jobs):
        return
    with suppress(RepositoryError):
        files = git.tree(top).files
        lost = {one: job.name for job in reversed(pipeline.jobs) for one in unmatched(files, job.inputs)}
        if not lost or git.ignored(top, "pipeline.py"):
            return
        lines = [f"job {job!r}, field 'inputs': {pattern!r} matches no file" for pattern, job in lost.items()]
        raise DefinitionError(
            "\n  ".join(reversed(lines)),
            where="pipeline.py",
            hint="inputs are files that git tracks, or new ones that it does not ignore: correct the pattern",
        )


class Inputs:
    """The working tree below *top* as Git sees it. *index* is where hashes are remembered. Safe to use from threads."""

    def __init__(self, top: Path, index: Path) -> None:
        self.top = top
        self._index = index
        self._lock = Lock()
        self._known: dict[str, list[object]] = _read(index)
        self._changed = False
        self._ignored: bool | None = None

    def snapshot(self, patterns: Iterable[str]) -> Snapshot:
        """The files that *patterns* choose, as they are now.

        Raises RepositoryError where the files cannot all be known: outside of Git, in a folder that an outer repository
        ignores, where a file cannot be read.
        """
        if self._ignored is None:
            self._ignored = git.ignored(self.top, "pipeline.py")
        if self._ignored:
            raise RepositoryError("the repository ignores this folder, so that no change in it would be seen")
        patterns = tuple(patterns)
        found = Snapshot(git.tree(self.top))
        for path in sorted(chosen(found.tree.files, patterns)):
            self._add(found, path)
        for folder, commit in found.tree.nested.items():
            below = any(path.startswith(f"{folder}/") for path in found.hashes)
            if below or chosen([folder], patterns):
                found.hashes[folder] = f"commit {commit}" if commit else self._loose(found, folder)
        return found

    def content(self, path: Path) -> str | None:
        """The hash of a file anywhere, or of what its link leads to; None where there is no file.

        Raises RepositoryError where it cannot be read.
        """
        real = os.path.realpath(path)
        return self._hash(real, {}) if os.path.isfile(real) else None

    def save(self) -> None:
        """Remember the hashes for the next run."""
        with self._lock:
            if self._changed:
                self._index.parent.mkdir(parents=True, exist_ok=True)
                durable.write(self._index, json.dumps(self._known, separators=(",", ":")))

    def _add(self, found: Snapshot, path: str, name: str = "") -> None:
        """Add the content of *path* to *found*, under its own name or another."""
        digest = self._hash(path, found.states)
        if digest is None:
            return
        found.hashes[name or path] = digest
        found.covered.add(path)
        if digest.startswith("link "):
            self._follow(found, path, name or path)

    def _follow(self, found: Snapshot, path: str, name: str) -> None:
        """Add what the link *path* leads to: a file's content, or all files that git knows in a folder."""
        real = os.path.realpath(self.top / path)
        inside = os.path.relpath(real, os.path.realpath(self.top))
        if os.path.isdir(real):
            if inside.startswith(".."):
                raise RepositoryError(f"{path} leads to a folder outside of the repository, whose content is not known")
            for below in sorted(found.tree.files):
                if (inside == "." or below.startswith(f"{inside}/")) and below not in found.covered:
                    self._add(found, below, f"{name} → {below}")
        elif os.path.exists(real):
            target = real if inside.startswith("..") else inside
            found.covered.add(target)
            found.hashes[f"{name} →"] = self._hash(target, found.states) or ""

    def _loose(self, found: Snapshot, folder: str) -> str:
        """The state of a submodule that is not checked out: the commit it should have, and files that lie there."""
        for parent, _folders, files in os.walk(self.top / folder):
            for file in files:
                self._add(found, os.path.relpath(os.path.join(parent, file), self.top))
        return f"not checked out {git.line(self.top, 'ls-files', '--stage', '--', f':(literal){folder}')}"

    def _hash(self, path: str, states: dict[str, list[int]]) -> str | None:
        """The hash of a file's content and permissions; None for what is no file (any more).

        What ``stat`` says of it goes into *states*. Raises RepositoryError where it cannot be read.
        """
        file = self.top / path
        try:
            status = file.lstat()
            seen = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_mode]
            states[path] = seen
            with self._lock:
                known = self._known.get(path)
            if known and known[:-1] == seen:
                return str(known[-1])
            if S_ISLNK(status.st_mode):
                return f"link {os.readlink(file)}"
            if not S_ISREG(status.st_mode):
                if S_ISDIR(status.st_mode):
                    return None
                raise RepositoryError(f"{path} cannot be read: it is neither a file nor a link")
            content = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise RepositoryError(f"{path} cannot be read: {error.strerror}") from None
        # All of them: OpenSSH refuses a key that others can read.
        digest = hashlib.sha256(f"{S_IMODE(status.st_mode):o}\0".encode() + content).hexdigest()[:32]
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _YOUNG:
            with self._lock:
                self._known[path] = [*seen, digest]
                self._changed = True
        return digest


def _read(index: Path) -> dict[str, list[object]]:
    try:
        known: object = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(known) if isinstance(known, Mapping) else {}
