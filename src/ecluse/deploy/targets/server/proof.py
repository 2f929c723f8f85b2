"""Proof that a process belongs to an environment. A process id in a file proves nothing: after a restart of the
machine, another process may have it.
"""

from __future__ import annotations

import os
from pathlib import Path

from ecluse.machine import identity, process

__all__ = ["belongs", "noted"]


def noted(path: Path) -> int | None:
    """The process id on the first line of a file; None where there is none."""
    try:
        return int(path.read_text(encoding="ascii").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def belongs(pid: int, folder: Path, program: str | None = None) -> bool:
    """Whether the process *pid* runs, and works in *folder* or was started with a path in it.

    With *program*, it also has to run a file of that name: a shell or an editor of somebody who looks into *folder* is
    not ours.
    """
    if not identity.runs(pid):
        return False
    told = _command_line(pid)
    if program is not None and program not in {
        os.path.basename(word) for part in told for word in (part, *part.split())
    }:
        return False
    top = os.path.realpath(folder)
    return any(f"{top}{os.sep}" in f"{said}{os.sep}" for said in (_working_folder(pid), *told))


def _working_folder(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:  # another user's process, or a system without /proc
        return ""


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:  # it ended while it was asked, or there is no /proc
        return [] if Path("/proc/self").exists() else _said_by_ps(pid)


def _said_by_ps(pid: int) -> list[str]:
    done = process.run(("ps", "-ww", "-o", "command=", "-p", str(pid)), check=False)
    return [done.output] if done.ok else []
