"""The files of a release: what git knows in the places that the pipeline names, with the content of submodules."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from ecluse.definition.model import ReleaseSpec
from ecluse.errors import ReleaseError
from ecluse.machine import git

__all__ = ["chosen", "content"]


def chosen(top: Path, spec: ReleaseSpec, built: Sequence[str]) -> tuple[str, ...]:
    """The paths of the release's files from *top*, sorted: tracked, or new and not ignored, and those in *built*.

    In the outputs of builds only *built* counts: a folder that an earlier build left is no part of a release. Raises
    ReleaseError where a place is missing or has no file that git knows, RepositoryError where a submodule in it is not
    checked out.
    """
    missing = [name for name in (*spec.files, spec.requirements) if not (top / name).exists()]
    if missing:
        raise ReleaseError(
            f"not there: {', '.join(missing)}", where="pipeline.py: release", hint="correct the release's files"
        )
    outputs = [build.output for build in spec.builds]
    # A file that was deleted but not yet committed is still listed.
    known = (name for name in git.known_files(top, *spec.files) if os.path.lexists(top / name))
    found = {name for name in known if not _below(name, outputs)} | {*built}
    for place in spec.files:
        if not any(_below(name, [place]) for name in found) and not _below(place, outputs):
            raise ReleaseError(
                f"git knows no file in {place}", where="pipeline.py: release", hint=f"git check-ignore -v {place}"
            )
    return tuple(sorted(found))


def content(path: Path) -> tuple[str, bytes]:
    """The kind of file at *path* (``file``, ``executable`` or ``link``) and its content, of a link where it leads.

    Raises ReleaseError where it cannot be read, or is a device or the like.
    """
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return "link", os.fsencode(os.readlink(path))
        if not stat.S_ISREG(mode):
            raise ReleaseError("git lists this as a file, and it is none", where=_shown(path), hint="git status")
        return ("executable" if mode & 0o100 else "file"), path.read_bytes()
    except OSError as error:
        raise ReleaseError(f"cannot be read: {error.strerror}", where=_shown(path), hint=f"ls -l {path}") from None


def _below(name: str, places: Iterable[str]) -> bool:
    path = PurePosixPath(name)
    return any(path.is_relative_to(os.path.normpath(place)) for place in places)


def _shown(path: Path) -> str:
    return os.fsencode(path).decode(errors="replace")
