"""The files that a job read inside the repository: heard by a hook in every Python that it starts, and judged
afterwards.

A file that git knows and that no input names makes the job's success worthless for the next change: it is not
remembered. What git does not know (ignored files, files that were looked for in vain, the names in a folder) cannot be
named, so its state is remembered with the success and must still be the same when that is used. So is the answer to
each question: whether a file is there, where a link leads.

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

__all__ = ["Heard", "Judged", "Log", "judge", "named", "state"]

HOOK = Path(__file__).parent / "hook"

# Folders whose content is made and used by tools for themselves.
_TOOLS_OWN = frozenset({".git", ".ecluse", ".tox", ".nox", "node_modules", "__pycache__", ".hg", ".svn"})

# Of several files that lack in one folder, the folder is named instead.
_FEW = 2


# The kinds of questions, by their letter in the log.
_QUESTIONS = {"t": "there", "k": "link", "m": "module"}


@dataclass
class Heard:
    """The reads of one leg. Paths are from the top: files that were *opened*, folders that were *listed*, *questions*
    ("there PATH", "link PATH", "module PATH without a suffix"). *variables* are names.
    """

    opened: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    questions: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)


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

    def take(self) -> Heard:
        """The reads until now.

        The file is deleted: later reads of a program that still runs are not recorded.
        """
        heard = Heard()
        with suppress(OSError):
            entries = os.fsdecode(self.file.read_bytes()).split("\0")
            self.file.unlink()
            top = os.path.realpath(self.top)
            for kind, path in ((entry[:1], entry[1:]) for entry in entries):  # the paths are real ones
                if kind == "r":
                    heard.opened.add(_source(_below(path, top)))
                elif kind == "l":
                    heard.listed.add(_below(path, top))
                elif kind in _QUESTIONS:
                    heard.questions.add(f"{_QUESTIONS[kind]} {_below(path, top)}")
                elif kind == "v":
                    heard.variables.add(path)
        return heard


@dataclass
class Judged:
    """The meaning of reads. *unnamed* are files and folders that git knows and no input names; *noted* is the state of
    everything else that was read, by ``file PATH``, ``folder PATH``, ``there PATH``, ``link PATH`` or ``module PATH``.
    """

    unnamed: list[str] = field(default_factory=list)
    noted: dict[str, str] = field(default_factory=dict)


def judge(inputs: Inputs, patterns: Collection[str], before: Snapshot, began: int, heard: Heard) -> Judged:
    """The dependencies of a job besides its inputs, which *patterns* name, by what was *heard*.

    *before* is the state in which it *began* (nanoseconds since 1970).
    """
    found = Judged()
    own = os.path.relpath(PACKAGE, os.path.realpath(inputs.top))

    def counts(path: str) -> bool:
        if path in before.covered or _is_inside(path, own):
            return False
        return path in before.tree.files or not _tools_own(inputs.top, path)

    for path in filter(counts, sorted(heard.opened)):
        if path in before.tree.files and not _tools_own(inputs.top, path):
            found.unnamed.append(path)
        elif not (inputs.top / path).is_dir() and not _younger(inputs.top / path, began):
            found.noted[f"file {path}"] = state(inputs, before, f"file {path}")
    for folder in sorted(heard.listed):
        if folder == ".." or folder.startswith("../") or _is_inside(folder, own):
            continue
        below = [path for path in before.tree.files if _is_inside(path, folder)]
        foreign = _tools_own(inputs.top, folder)
        if foreign and not below:
            continue
        named = any(path in before.covered for path in below) or any(reaches(one, folder) for one in patterns)
        if below and not named and not foreign:
            found.unnamed.append(f"{folder}/")
        else:
            found.noted[f"folder {folder}"] = state(inputs, before, f"folder {folder}")
    for question in sorted(heard.questions):
        path = question.partition(" ")[2]
        if counts(path) and not _younger(inputs.top / path, began):
            found.noted[question] = state(inputs, before, question)
    return found


def state(inputs: Inputs, now: Snapshot, key: str) -> str:
    """The state of a file or a folder that :func:`judge` noted, to be compared with what it was."""
    kind, _, path = key.partition(" ")
    if kind == "there":
        return _there(inputs.top / path)
    if kind == "link":
        with suppress(OSError):
            return os.readlink(inputs.top / path)
        return "no link"
    if kind == "module":  # which suffixes count, each Python knows for itself
        folder, name = os.path.split(inputs.top / path)
        with suppress(OSError):
            return " ".join(sorted(one for one in os.listdir(folder) if one.partition(".")[0] == name)) or "not there"
        return "not there"
    if kind == "file":
        return inputs.content(inputs.top / path) or _there(inputs.top / path)
    names = {_child(file, path) for file in now.tree.files if _is_inside(file, path)}
    if not names:  # nothing that git knows: what a tool made
        try:
            with os.scandir(inputs.top / path) as entries:
                names = {entry.name + "/" * entry.is_dir() for entry in entries}
        except OSError:
            return _there(inputs.top / path)
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


def _there(path: Path) -> str:
    if path.is_dir():
        return "a folder"
    return "a file" if path.exists() else "a broken link" if path.is_symlink() else "not there"


def _below(path: str, top: str) -> str:
    """*path* from the *top*; both are absolute. Faster than :func:`os.path.relpath`, for many."""
    return path[len(top) + 1 :] if path.startswith(top + os.sep) else os.path.relpath(path, top)


def _is_inside(path: str, folder: str) -> bool:
    return folder == "." or path == folder or path.startswith(f"{folder}/")


def _child(path: str, folder: str) -> str:
    """The name in *folder* that *path* begins with; a folder's has a slash at its end."""
    return "".join(path.removeprefix("" if folder == "." else f"{folder}/").partition("/")[:2])


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
