"""The only module that starts programs.

A program gets a process group of its own, so that it and all it started can be ended together. What it prints is either
for people (:func:`run`: text, with secrets masked) or for ecluse to parse (:func:`read`: bytes, never masked). Nothing
of it is lost when the program fails.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import IO

from ecluse.errors import CommandError, Interrupted, ToolError
from ecluse.machine import reaper
from ecluse.machine.reaper import descendants
from ecluse.machine.streams import Sink, pump, shown
from ecluse.secrets import masked

__all__ = [
    "Answer",
    "Completed",
    "attached",
    "disown",
    "find",
    "quote",
    "read",
    "replace",
    "run",
    "spawn",
    "stop",
]

# Seconds between SIGTERM and SIGKILL.
GRACE = 10.0

_REAPER = (sys.executable, "-I", "-S", reaper.__file__)


@dataclass(frozen=True)
class Completed:
    """The result of a program that people watch: *output* is masked text, with standard error.

    A negative *returncode* is the signal that ended the program, as in :mod:`subprocess`.
    """

    argv: tuple[str, ...]
    returncode: int
    output: str
    seconds: float
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        return self.returncode == 0 and not self.timed_out


@dataclass(frozen=True)
class Answer:
    """The result of a program that ecluse parses: *output* and *errors* are the bytes of its two streams, unmasked."""

    argv: tuple[str, ...]
    returncode: int
    output: bytes
    errors: bytes = b""
    seconds: float = 0.0
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        return self.returncode == 0 and not self.timed_out

    @property
    def text(self) -> str:
        """The output as text. Bytes that are no UTF-8 survive :func:`os.fsencode`, as in names of files."""
        return self.output.decode("utf-8", "surrogateescape")


def quote(argv: Sequence[str | os.PathLike[str]]) -> str:
    """*argv* as a line that a shell reads back as the same arguments."""
    return shlex.join(os.fspath(arg) for arg in argv)


def find(program: str, *, path: str | None = None, hint: str) -> str:
    """The absolute path of *program*. Raises ToolError with *hint* where the machine does not have it."""
    found = shutil.which(program, path=path)
    if found is None:
        raise ToolError(f"{program} is not installed, or not on the PATH", hint=hint)
    return found


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    user: int | None = None,
    group: int | None = None,
    input: str | None = None,
    timeout: float | None = None,
    check: bool = True,
    on_output: Callable[[str], None] | None = None,
    cancel: Event | None = None,
    grace: float = GRACE,
    alone: bool = False,
) -> Completed:
    """Run a program whose output people see, to its end. Returns how it ended, with its output as masked text.

    Standard error is part of the output. *on_output* sees each piece of output as it comes. After *timeout* seconds, or
    once *cancel* is set, the program and all it started are ended. *user* and *group* are as for :func:`spawn`. With
    *alone*, nothing that it started outlives it, not even with a session of its own (Linux; see
    :mod:`ecluse.machine.reaper`).

    Raises CommandError for a failure or a timeout unless *check* is false, Interrupted when cancelled, ToolError when
    there is no such program.
    """
    pieces: list[str] = []

    def keep(piece: str) -> None:
        pieces.append(piece)
        if on_output and piece:
            on_output(piece)

    arguments = tuple(os.fspath(arg) for arg in argv)
    wrapped = (*_REAPER, *_found(arguments, cwd, env)) if alone else arguments
    process = _piped(wrapped, cwd, env, user, group, input, stderr=subprocess.STDOUT)
    returncode, seconds, timed_out = _finish(process, arguments, [shown(keep)], input, timeout, cancel, grace)
    done = Completed(arguments, returncode, "".join(pieces), seconds, timed_out)
    if check and not done.ok:
        raise _failure(arguments, returncode, timeout if timed_out else None, done.output)
    return done


def read(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
    user: int | None = None,
    group: int | None = None,
    input: str | None = None,
    timeout: float | None = None,
    check: bool = True,
    on_output: Callable[[str], None] | None = None,
) -> Answer:
    """Run a program whose output is parsed, to its end. Returns how it ended, with its output as the bytes it wrote.

    Nothing is masked: a secret's value may also be a part of a path. *on_output* is for people: it sees the output and
    the standard error as masked text. *extra* is added to the environment. All else is as for :func:`run`.
    """
    output: list[bytes] = []
    errors: list[bytes] = []

    def kept(pieces: list[bytes]) -> Sink:
        show = shown(on_output) if on_output else None

        def feed(data: bytes) -> None:
            pieces.append(data)
            if show:
                show(data)

        return feed

    arguments = tuple(os.fspath(arg) for arg in argv)
    variables = {**(os.environ if env is None else env), **extra} if extra else env
    process = _piped(arguments, cwd, variables, user, group, input, stderr=subprocess.PIPE)
    sinks = [kept(output), kept(errors)]
    returncode, seconds, timed_out = _finish(process, arguments, sinks, input, timeout, None, GRACE)
    done = Answer(arguments, returncode, b"".join(output), b"".join(errors), seconds, timed_out)
    if check and not done.ok:
        said = (done.output + done.errors).decode(errors="replace")
        raise _failure(arguments, returncode, timeout if timed_out else None, masked(said))
    return done


def _found(arguments: tuple[str, ...], cwd: Path | None, env: Mapping[str, str] | None) -> tuple[str, ...]:
    """*arguments*, once their program is known to be there. Raises ToolError as :func:`spawn` does."""
    program = os.path.join(cwd or "", arguments[0]) if "/" in arguments[0] else arguments[0]
    if shutil.which(program, path=(os.environ if env is None else env).get("PATH")) is None:
        why = f"{arguments[0]} does not exist"
        if "/" in arguments[0] and os.path.exists(program):
            why = "it is a folder" if os.path.isdir(program) else "it may not be executed"
        raise ToolError(f"cannot start {_printable(arguments)}: {why}")
    return arguments


def _piped(
    arguments: tuple[str, ...],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    user: int | None,
    group: int | None,
    input: str | None,
    stderr: int,
) -> subprocess.Popen[bytes]:
    stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
    return spawn(
        arguments, cwd=cwd, env=env, user=user, group=group, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
    )


def _finish(
    process: subprocess.Popen[bytes],
    arguments: tuple[str, ...],
    sinks: Sequence[Sink],
    input: str | None,
    timeout: float | None,
    cancel: Event | None,
    grace: float,
) -> tuple[int, float, bool]:
    """Read the output of *process* until it ends. Returns its exit code, the seconds, and whether its time was up."""
    began = time.monotonic()
    timed_out = False
    streams = [stream for stream in (process.stdout, process.stderr) if stream is not None]
    try:
        for _ in pump(process, list(zip(streams, sinks, strict=True)), None if input is None else input.encode()):
            if cancel is not None and cancel.is_set():
                raise Interrupted(f"{quote(arguments)} was stopped")
            if timeout is not None and time.monotonic() - began > timeout:
                timed_out = True
                break
        returncode = stop(process, grace=grace) if timed_out else process.wait()
    finally:
        # Whatever way this ends, nothing that the program started outlives it.
        stop(process, grace=grace)
        for stream in streams:
            stream.close()
    return returncode, time.monotonic() - began, timed_out


def _failure(arguments: tuple[str, ...], returncode: int, timeout: float | None, said: str) -> CommandError:
    how = f"ended with {returncode}" if timeout is None else f"took longer than {timeout:g} s"
    # What the program said is masked already; the arguments are not.
    return CommandError("\n".join([masked(f"{quote(arguments)} {how}"), *said.strip().splitlines()[-20:]]))


def spawn(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    user: int | None = None,
    group: int | None = None,
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program that the caller watches and ends (see :func:`stop`), in a session of its own.

    *user* and *group* are the ids it runs as, which only root may set. Raises ToolError when there is no such program.
    """
    arguments = [os.fspath(arg) for arg in argv]
    with _starting(arguments):
        return subprocess.Popen(
            arguments,
            cwd=cwd,
            env=env,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            start_new_session=True,
        )


@contextlib.contextmanager
def _starting(arguments: Sequence[str]) -> Iterator[None]:
    """Raise ToolError where the program of *arguments* cannot be started in the context."""
    try:
        yield
    except FileNotFoundError as error:
        missing = error.filename or arguments[0]
        raise ToolError(f"cannot start {_printable(arguments)}: {missing} does not exist") from None
    except PermissionError:
        raise ToolError(f"cannot start {_printable(arguments)}: it may not be executed") from None
    except (OSError, ValueError) as error:  # no program for this machine, an argument that is too long or has a NUL
        raise ToolError(f"cannot start {_printable(arguments)}: {_reason(error)}") from None


def _printable(arguments: Sequence[str]) -> str:
    arguments = arguments[len(_REAPER) :] if tuple(arguments[: len(_REAPER)]) == _REAPER else arguments
    return quote([arg.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")[:200] for arg in arguments])


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "an argument or a variable has a character that cannot be encoded"
    if isinstance(error, ValueError):
        return "an argument or a variable has a NUL in it" if "null" in str(error) else str(error)
    return error.strerror or str(error)


def stop(process: subprocess.Popen[bytes], *, first: int = signal.SIGTERM, grace: float = GRACE) -> int:
    """End a program that :func:`spawn` started, with all it started: *first*, then SIGKILL after *grace* seconds."""
    if process.poll() is None:
        _signal_group(process.pid, first)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    if process.poll() is None:
        # As long as it runs, it is known what it started: also what left the group.
        for pid in descendants(process.pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
    _signal_group(process.pid, signal.SIGKILL)
    return process.wait()


def disown(process: subprocess.Popen[bytes]) -> None:
    """Let a program that :func:`spawn` started outlive this process, which must not wait for it any more."""
    # Popen warns of a program that is still running when the object goes; for this one it is meant to be.
    process.returncode = 0


def _signal_group(pid: int, number: int) -> None:
    # The group may be gone, or (macOS) hold only zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def attached(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    user: int | None = None,
    group: int | None = None,
) -> int:
    """Run a program on our own terminal and return its exit code, as a shell does: 128 and the signal that ended it.

    *user* and *group* are as for :func:`spawn`. Ctrl-C is the program's to act on. Raises ToolError when there is no
    such program.
    """
    arguments = [os.fspath(arg) for arg in argv]
    groups: list[int] | None = None if user is None else []
    with _starting(arguments):
        process = subprocess.Popen(arguments, cwd=cwd, env=env, user=user, group=group, extra_groups=groups)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        returncode = process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
            process.kill()
            process.wait()
    return returncode if returncode >= 0 else 128 - returncode


def replace(argv: Sequence[str | os.PathLike[str]], *, env: Mapping[str, str] | None = None) -> None:
    """Become another program, as ``exec`` does. Returns only by raising ToolError."""
    arguments = [os.fspath(arg) for arg in argv]
    with _starting(arguments):
        os.execvpe(arguments[0], arguments, dict(env) if env is not None else os.environ.copy())
