"""The files that a job read inside the repository: heard by a hook in every Python that it starts, and judged
afterwards.

A file that git knows and that no input names makes the job's success worthless for the next change: it is not
remembered. What git does not know (ignored files, files that were looked for in vain, the names in a folder) cannot be
named, so its state is remembered with the success and must still be the same when that is used.

Programs that are no Python are not heard, nor is a Python that is told to
ignore PYTHONPATH (``-I``, ``-E``) or ``site`` (``-S``).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import source_from_cache
from pathlib import Path

from ecluse.run.inputs import Inputs, Snapshot
from ecluse.run.patterns import chosen, reaches
from ecluse.run.surroundings import PACKAGE

__all__ = ["Judged", "Log", "judge", "named", "state"]

HOOK = Path(__file__).parent / "hook"

# Folders whose content is made and used by tools for themselves.
_TOOLS_OWN = frozenset({".git", ".ecluse", ".tox", ".nox", "node_modules", "__pycache__", ".hg", ".svn"})

# Of several files that lack in one folder, the folder is named instead.
_FEW = 2


@dataclass(frozen=True)
class Log:
    """The file to which the reads of one leg are written, by all its Pythons. *top* is the repository's."""

    file: Path
    top: Path

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The variables to add to a step's environment so that its Pythons are heard. The file is made."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.touch()
        paths = [str(HOOK), *filter(None, [environ.get("PYTHONPATH")])]
        return {
            "PYTHONPATH": os.pathsep.join(paths),
            "ECLUSE_READS": str(self.file),
            "ECLUSE_READS_BELOW": os.path.realpath(self.top),
        }

    def take(self) -> tuple[set[str], set[str]]:
        """The paths, from the top, of all files that were opened and of all folders that were listed.

        The file is gone afterwards: a program that goes on is heard no more.
        """
        with suppress(OSError):
            entries = os.fsdecode(self.file.read_bytes()).split("\0")
            self.file.unlink()
            top = os.path.realpath(self.top)
            opened = {os.path.relpath(os.path.realpath(entry[1:]), top) for entry in entries if entry[:1] == "r"}
            listed = {os.path.relpath(os.path.realpath(entry[1:]), top) for entry in entries if entry[:1] == "l"}
            return {_source(path) for path in opened}, listed
        return set(), set()


@dataclass
class Judged:
    """The meaning of reads. *unnamed* are files and folders that git knows and no input names; *noted* is the state of
    everything else that was read, by ``file PATH`` or ``folder PATH``.
    """

    unnamed: list[str] = field(default_factory=list)
    noted: dict[str, str] = field(default_factory=dict)


def judge(
    inputs: Inputs,
    patterns: Collection[str],
    before: Snapshot,
    began: int,
    opened: Iterable[str],
    listed: Iterable[str],
) -> Judged:
    """The dependencies of a job that read files (*opened*) and folders (*listed*) besides its inputs, named by
    *patterns*.

    *before* is the state in which it *began* (nanoseconds since 1970).
    """
    found = Judged()
    own = os.path.relpath(PACKAGE, os.path.realpath(inputs.top))
    for path in sorted(set(opened)):
        if path in before.covered or _is_inside(path, own) or _tools_own(inputs.top, path):
            continue
        if path in before.tree.files:
            found.unnamed.append(path)
        elif not (inputs.top / path).is_dir() and not _younger(inputs.top / path, began):
            found.noted[f"file {path}"] = state(inputs, before, f"file {path}")
    for folder in sorted(set(listed)):
        if folder == ".." or folder.startswith("../") or _is_inside(folder, own) or _tools_own(inputs.top, folder):
            continue
        known = [path for path in before.tree.files if _is_inside(path, folder)]
        named = any(path in before.covered for path in known) or any(reaches(one, folder) for one in patterns)
        if known and not named:
            found.unnamed.append(f"{folder}/")
        else:
            found.noted[f"folder {folder}"] = state(inputs, before, f"folder {folder}")
    return found


def state(inputs: Inputs, now: Snapshot, key: str) -> str:
    """The state of a file or a folder that :func:`judge` noted, to be compared with what it was."""
    kind, _, path = key.partition(" ")
    if kind == "file":
        return inputs.content(inputs.top / path) or "not there"
    names = {_child(file, path) for file in now.tree.files if _is_inside(file, path)}
    if not names:  # nothing that git knows: what a tool made
        with suppress(OSError):
            names = set(os.listdir(inputs.top / path))
    return hashlib.sha256("\0".join(sorted(names)).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def named(unnamed: Iterable[str]) -> tuple[str, ...]:
    """The patterns to add to a job's inputs so that they name all of *unnamed*."""
    by_folder: dict[str, list[str]] = {}
    for path in unnamed:
        by_folder.setdefault(os.path.dirname(path), []).append(path)
    found: set[str] = set()
    for folder, paths in by_folder.items():
        whole = [path for path in paths if path.endswith("/")]
        if folder and (whole or len(paths) > _FEW):
            found.add(f"{folder}/**")
        else:
            found |= set(paths)
    # "a/**" names what "a/b/**" does.
    return tuple(sorted(path for path in found if not chosen([path], found - {path})))


def _source(path: str) -> str:
    """The source of compiled code, which is what git knows."""
    if path.endswith(".pyc") and os.path.basename(os.path.dirname(path)) == "__pycache__":
        with suppress(ValueError):
            return source_from_cache(path)
    return path


def _is_inside(path: str, folder: str) -> bool:
    return folder == "." or path == folder or path.startswith(f"{folder}/")


def _child(path: str, folder: str) -> str:
    return path.removeprefix("" if folder == "." else f"{folder}/").partition("/")[0]


def _younger(file: Path, began: int) -> bool:
    """Whether *file* was made or changed after the job began: by the job, which does so again each time."""
    try:
        return file.stat().st_ctime_ns >= began
    except OSError:
        return False


def _tools_own(top: Path, path: str) -> bool:
    """Whether *path* belongs to a tool: Git's, a virtual environment's, a cache's (https://bford.info/cachedir/)."""
    parts = Path(path).parts
    if path.startswith("..") or _TOOLS_OWN & set(parts):
        return True
    folder = top
    for part in parts:
        folder = folder / part
        if (folder / "CACHEDIR.TAG").is_file() or (folder / "pyvenv.cfg").is_file():
            return True
    return False
