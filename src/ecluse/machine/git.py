"""Git: the only module that asks it about a repository.

Git's answers are bytes: file names are separated by NUL, and need not be UTF-8 (they become ``str`` as
:func:`os.fsdecode` makes them). Nothing in an answer is masked. Every failure is a RepositoryError.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ecluse.errors import RepositoryError, ToolError
from ecluse.machine import process
from ecluse.secrets import masked

__all__ = [
    "Tree",
    "descends",
    "find",
    "head",
    "ignored",
    "known_files",
    "line",
    "normalized",
    "origin",
    "paths",
    "read",
    "tree",
]

# Messages in English, since some are recognized; and no lock that a commit at the same time would meet.
# https://git-scm.com/docs/git#Documentation/git.txt-GITOPTIONALLOCKS
_ENVIRON = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}

# All files of the working tree that are tracked, or new and not ignored. Byte code that Python wrote is never new: it
# comes from a source file, and every command that imports one would change what the tree holds.
_FILES = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--exclude=__pycache__/", "--deduplicate")


def read(top: Path, *arguments: str) -> bytes:
    """The output of ``git ARGUMENTS`` in *top*. Raises RepositoryError if it fails."""
    done = _ask(top, arguments)
    if not done.ok:
        what = " ".join(_errors(done).split()) or f"it ended with {done.returncode}"
        raise RepositoryError(f"git {arguments[0]} failed: {what}", where=str(top), hint=f"git -C {top} status")
    return done.output


def line(top: Path, *arguments: str) -> str:
    """The output of ``git ARGUMENTS``, without the spaces around it. Raises RepositoryError if it fails."""
    return read(top, *arguments).decode("utf-8", "surrogateescape").strip()


def paths(top: Path, *arguments: str) -> tuple[str, ...]:
    """The paths that ``git ARGUMENTS`` prints; *arguments* must have ``-z``. Raises RepositoryError where it fails."""
    return tuple(path for path in read(top, *arguments).decode("utf-8", "surrogateescape").split("\0") if path)


def find(top: Path, *arguments: str) -> str | None:
    """The output of ``git ARGUMENTS``, as from :func:`line`; None if git has no such commit, tag or setting.

    Raises RepositoryError if git cannot be asked: no repository, a clone that it does not trust, no git.
    """
    done = _ask(top, arguments)
    return done.text.strip() or None if done.ok else None


def head(top: Path) -> str | None:
    """The commit that is checked out; None before the first commit."""
    return find(top, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")


def origin(top: Path) -> str:
    """The place of the remote ``origin``: ``host/path``. Empty without such a remote, or where it is a folder."""
    return normalized(find(top, "config", "--get", "remote.origin.url") or "")


def normalized(url: str) -> str:
    """``host/path`` of a remote's address, whichever way it is written, without account, port and ``.git``; empty for
    a folder of one machine.
    """
    found = re.fullmatch(r"(?:[a-z+]+://)?(?:[^@/]*@)?(\[[^]]+\]|[^:/@]+)(?::\d+(?=/))?[:/]+(.+?)(?:\.git)?/*", url)
    if found is None or url.startswith(("/", ".", "file:")):
        return ""
    return f"{found[1].lower()}/{found[2]}"


def descends(top: Path, commit: str, other: str) -> bool | None:
    """Whether *commit* is *other*, or descends from it. None where the clone does not have the history that tells."""
    if _ask(top, ("merge-base", "--is-ancestor", other, commit)).ok:
        return True
    # A clone that has a commit has all its ancestors, unless it is shallow.
    whole = line(top, "rev-parse", "--is-shallow-repository") == "false"
    return False if whole and find(top, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") else None


@dataclass(frozen=True)
class Tree:
    """The working tree as git sees it. *files*: tracked, or new and not ignored, those of nested repositories too.
    Python's ``__pycache__`` counts as ignored.

    *nested* has the folder of each repository inside (a submodule, or a clone that is just there) and the commit that
    is checked out there; None where nothing is. A file may be gone from the disk already.
    """

    files: frozenset[str]
    nested: Mapping[str, str | None]


def tree(top: Path) -> Tree:
    """The files that git sees in *top* and below. Raises RepositoryError outside of a repository."""
    files: set[str] = set()
    nested: dict[str, str | None] = {}
    for path in paths(top, *_FILES):
        name = path.rstrip("/")  # a clone that is no submodule is listed with a slash
        if not _is_folder(f"{top}/{name}"):
            files.add(path)
            continue
        folder = top / name
        if (folder / ".git").exists():
            inner = tree(folder)
            nested[name] = head(folder)
            files |= {f"{name}/{file}" for file in inner.files}
            nested |= {f"{name}/{deeper}": commit for deeper, commit in inner.nested.items()}
        else:
            nested[name] = None
    return Tree(frozenset(files), nested)


def _is_folder(path: str) -> bool:
    """Whether *path* is a folder, and no link to one. A pathlib.Path of each file would take half of the time."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def known_files(top: Path, *below: str) -> tuple[str, ...]:
    """The files of :func:`tree`, sorted: all of them, or those that are or lie in the paths *below*.

    Raises RepositoryError where one of those is in a submodule that is not checked out.
    """
    found = tree(top)

    def wanted(path: str) -> bool:
        return not below or any(f"{path}/".startswith(f"{folder.strip('/')}/") for folder in below)

    absent = sorted(folder for folder, commit in found.nested.items() if commit is None and wanted(folder))
    if absent:
        raise RepositoryError(
            f"the submodule {absent[0]} is not checked out",
            where=str(top),
            hint=f"git submodule update --init --recursive {absent[0]}",
        )
    return tuple(sorted(filter(wanted, found.files)))


def ignored(top: Path, path: str) -> bool:
    """Whether git's ignore rules (also those of an outer repository) take *path* away, tracked or not."""
    return find(top, "check-ignore", "--no-index", "--", path) is not None


def _ask(top: Path, arguments: tuple[str, ...]) -> process.Answer:
    try:
        done = process.read(("git", "-C", str(top), *arguments), extra=_ENVIRON, check=False)
    except ToolError:
        raise RepositoryError("git is not installed, or not on the PATH", hint="apt install git") from None
    errors = "" if done.ok else _errors(done)
    if "dubious ownership" in errors:
        raise RepositoryError(
            "git does not trust this clone, which belongs to another account",
            where=str(top),
            hint=f"clone it as yourself, or: git config --global --add safe.directory {top}",
        )
    if "not a git repository" in errors:
        raise RepositoryError(
            "this is not a git repository", where=str(top), hint="run ecluse in a clone; git init makes a repository"
        )
    return done


def _errors(done: process.Answer) -> str:
    return masked(done.errors.decode(errors="replace"))
