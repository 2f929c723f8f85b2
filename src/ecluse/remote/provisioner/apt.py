"""apt and dpkg: packages are installed while nobody else installs, also after an installation that was interrupted."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ecluse.remote.provisioner.debian import run, say

__all__ = ["install"]

LOCKS = tuple(map(Path, ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock")))

INTERRUPTED = Path("/var/lib/dpkg/updates")
"""The folder in which dpkg has files while it works: apt does nothing where they were left."""

PATIENCE = 600
"""Seconds: a new server's first upgrade holds the locks for minutes."""

_FLOCK = "hhqqi"
"""The kernel's ``struct flock``: type, whence, start, length, process."""


def install(names: Sequence[str]) -> None:
    """Install packages. Ends where others install for ten minutes, and where apt cannot."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}
    apt = ["apt-get", "-qq", "-y", "-o", f"DPkg::Lock::Timeout={PATIENCE}", "--no-install-recommends"]
    _wait()
    if INTERRUPTED.is_dir() and any(INTERRUPTED.iterdir()):
        run(["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"], **quiet)
    run([*apt, "update"])
    run([*apt, "install", *names], **quiet)


def _wait() -> None:
    """Wait until nobody holds the locks."""
    deadline, told = time.monotonic() + PATIENCE, False
    while holder := next(filter(None, map(_holder, LOCKS)), None):
        if time.monotonic() > deadline:
            sys.exit(f"{holder} has held the lock of dpkg for {PATIENCE // 60} minutes: no package can be installed")
        if not told:
            say(f"waiting for {holder}, which holds the lock of dpkg")
            told = True
        time.sleep(1)


def _holder(lock: Path) -> str | None:
    """The process that holds *lock*; None where nobody does."""
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    finally:
        os.close(descriptor)
    if kind == fcntl.F_UNLCK:
        return None
    try:
        return f"process {pid} ({Path('/proc', str(pid), 'comm').read_text(encoding='utf-8').strip()})"
    except OSError:
        return f"process {pid}"
