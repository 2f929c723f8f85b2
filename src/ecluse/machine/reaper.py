"""Runs a program, and ends with it: whatever the program left behind is ended first.

A script, which :mod:`ecluse.machine.process` starts between ecluse and the program. On Linux, processes whose parents
have ended become children of this one (a "subreaper"), also those with a session of their own (``setsid``). Elsewhere
only the process group is known.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

__all__ = ["descendants"]

# https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
_PR_SET_CHILD_SUBREAPER = 36

# Seconds in which what is left may end by itself, and after SIGTERM.
_MOMENT = 0.3
_GRACE = 2.0
# Seconds for our own programs, which tidy up when all others have ended.
_TIDYING = 30.0
_OWN = (b"ecluse-guardian", b"ecluse.services.keeper")


def descendants(pid: int) -> set[int]:
    """The processes that *pid* started, and those that they started, as far as they run (Linux)."""
    children: dict[int, list[int]] = {}
    try:
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return set()
    for number in numbers:
        try:
            with open(f"/proc/{number}/stat", "rb") as file:
                state, parent = file.read().rpartition(b")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if state != b"Z":
            children.setdefault(int(parent), []).append(number)
    found: set[int] = set()
    pending = [pid]
    while pending:
        for child in children.get(pending.pop(), ()):
            if child not in found:
                found.add(child)
                pending.append(child)
    return found


def _main(arguments: list[str]) -> int:
    """Run the program that *arguments* name. Returns its exit code, or less than 0: the signal that ended it."""
    _adopt()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # The program gets it too, and we see how it ends. What we ignored, it would ignore as well.
        signal.signal(number, lambda *_: None)
    program = os.fork()
    if program == 0:
        try:
            os.execvp(arguments[0], arguments)
        except OSError as error:
            os.write(2, f"cannot start {arguments[0]}: {error.strerror}\n".encode())
        os._exit(126)
    status = os.waitstatus_to_exitcode(_wait(program))
    _end_what_is_left()
    return status


def _adopt() -> None:
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass


def _wait(program: int) -> int:
    """How *program* ended; orphans that end before it are waited for on the way."""
    while True:
        pid, status = os.wait()
        if pid == program:
            return status


def _end_what_is_left() -> None:
    if _gone_within(_MOMENT, _others):
        return
    for pid in sorted(_others()):
        os.write(2, f"ended, since the step left it behind: {_command(pid)}\n".encode("utf-8", "surrogateescape"))
        _signal(pid, signal.SIGTERM)
    if not _gone_within(_GRACE, _others):
        for pid in _others():
            _signal(pid, signal.SIGKILL)
        _gone_within(_GRACE, _others)
    _gone_within(_TIDYING, lambda: descendants(os.getpid()))


def _others() -> set[int]:
    """The processes that are left, without our own programs."""
    return {pid for pid in descendants(os.getpid()) if not _is_own(pid)}


def _is_own(pid: int) -> bool:
    words = _words(pid)
    return any(word in words for word in _OWN)


def _command(pid: int) -> str:
    return b" ".join(_words(pid)).decode("utf-8", "surrogateescape")[:200] or str(pid)


def _words(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []


def _gone_within(seconds: float, left: Callable[[], set[int]]) -> bool:
    until = time.monotonic() + seconds
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return True
        if not left():
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.005)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


if __name__ == "__main__":
    code = _main(sys.argv[1:])
    if code < 0:
        # As the program ended, so do we; without a core of our own.
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)
