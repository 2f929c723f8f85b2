"""Folders of databases: caches, and the short folders that sockets need."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["binaries_cache", "cache_folder", "own_cache", "room", "socket_fits", "volatile_folder"]

# sun_path of sockaddr_un, less the terminating zero: man 7 unix; 104 in all on macOS.
_LONGEST_SOCKET = 103 if sys.platform == "darwin" else 107

# A migrated cluster is about 40 MB; tests need room to write. A container's /dev/shm has 64 MB unless told otherwise.
ENOUGH = 512 * 1024 * 1024


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder of what may be deleted at any time: ``$XDG_CACHE_HOME/ecluse``, or ``~/.cache/ecluse``."""
    base = environ.get("XDG_CACHE_HOME", "")
    if Path(base).is_absolute():
        return Path(base, "ecluse")
    home = environ.get("HOME", "")
    return Path(home, ".cache", "ecluse") if Path(home).is_absolute() else Path("/tmp", f"ecluse-cache-{os.geteuid()}")


def own_cache(environ: Mapping[str, str], *, otherwise: Path) -> tuple[Path, str | None]:
    """The cache folder, and None; or *otherwise* and the reason, where the cache may hold what another user put there.

    A server is started on what the cache holds, and runs what that says.
    """
    folder = cache_folder(environ)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        link, state = folder.lstat(), folder.stat()
    except OSError:
        return folder, None  # nothing can be kept there, and nothing found
    if os.geteuid() not in (link.st_uid, state.st_uid) or link.st_uid != state.st_uid:
        return otherwise, f"the cache {folder} belongs to another user, and is not used"
    if state.st_mode & stat.S_IWOTH:
        return otherwise, f"the cache {folder} can be written by every user, and is not used"
    if state.st_mode & stat.S_IWGRP:  # made by an older version, with a umask for groups
        folder.chmod(0o700)
    return folder, None


def binaries_cache(environ: Mapping[str, str]) -> Path:
    """The folder for programs that another user has to run: root's own, but open to all."""
    return Path("/var/cache/ecluse") if os.geteuid() == 0 else cache_folder(environ)


def socket_fits(folder: Path) -> bool:
    """Whether the path of a server's socket in *folder* is short enough for one."""
    return len(os.fsencode(folder / ".s.PGSQL.5432")) <= _LONGEST_SOCKET


def room(folder: Path) -> int:
    """The bytes that the current user may still write to the file system of *folder*; 0 where that is impossible."""
    try:
        state = os.statvfs(folder)
    except OSError:
        return 0
    return state.f_bavail * state.f_frsize if os.access(folder, os.W_OK | os.X_OK) else 0


def volatile_folder(environ: Mapping[str, str], *, enough: int = ENOUGH) -> Path:
    """The folder for throwaway data: memory (/dev/shm) if it has *enough* room, else the folder of temporary files."""
    memory = Path("/dev/shm")
    if room(memory) >= enough:
        return memory
    named = Path(environ.get("TMPDIR", "/tmp"))
    fits = named.is_absolute() and socket_fits(named / "ecluse-0123456789abcdef")
    return named if fits and room(named) else Path("/tmp")
