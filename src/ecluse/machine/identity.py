"""The identity of a process: where it runs, and whether it still does.

A number alone says little: two containers of one machine each have a process 7, and numbers are given again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecluse.machine import process

__all__ = ["Identity", "of"]


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
        return ours is None or ours.started != self.started or not process.runs(self.pid)


def of(pid: int) -> Identity | None:
    """The identity of the process *pid* of our namespace; None where there is none, or the kernel does not say."""
    here, started = _boot_and_namespace(), _started(pid)
    return None if here is None or started is None else Identity(*here, pid, started)


def _boot_and_namespace() -> tuple[str, str] | None:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return boot, str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return None


def _started(pid: int) -> str | None:
    try:
        return process.stat(pid)[22 - 3]  # the start time
    except (OSError, IndexError):
        return None
