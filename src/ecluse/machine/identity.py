"""The identity of a process: where it runs, and whether it still does.

A number alone says little: two containers of one machine each have a process 7, and numbers are given again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Identity", "of", "runs"]


@dataclass(frozen=True)
class Identity:
    """A process: the *boot* of its machine, its PID *namespace*, its number there, and when it was started."""

    boot: str
    namespace: str
    pid: int
    started: str

    def ended(self) -> bool:
        """Whether it is known that the process has ended: only a process that would see it can know."""
        ours = of(self.pid)
        here = _boot_and_namespace()
        if here is None or here != (self.boot, self.namespace):
            return False
        return ours is None or ours.started != self.started or not runs(self.pid)


def of(pid: int) -> Identity | None:
    """The identity of the process *pid* of our namespace; None where there is none, or the kernel does not say."""
    here, started = _boot_and_namespace(), _started(pid)
    return None if here is None or started is None else Identity(*here, pid, started)


def runs(pid: int) -> bool:
    """Whether the process *pid*, whoever started it, has not ended."""
    # A zombie, where whoever should have waited for it (a container's first process) does not, has ended.
    try:
        return _is_there(pid) and _stat(pid)[0] != "Z"
    except (OSError, IndexError):  # it ended while it was asked, or there is no /proc (macOS)
        return _is_there(pid)


def _boot_and_namespace() -> tuple[str, str] | None:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return boot, str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return None


def _started(pid: int) -> str | None:
    try:
        return _stat(pid)[22 - 3]  # the start time
    except (OSError, IndexError):
        return None


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stat(pid: int) -> list[str]:
    """The fields of the process *pid* that proc_pid_stat(5) names, from the third on: the second, a name in
    parentheses, may have spaces. Raises OSError where there is no such process, or no /proc.
    """
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].decode("ascii").split()
