"""The only module that starts processes.

A program gets a process group of its own, so that it and all it started can be ended together; its output is read as
it comes, decoded and masked (see :mod:`ecluse.secrets`), and is never lost when it fails.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import IO

from ecluse.errors import CommandError, Interrupted, ToolError
from ecluse.secrets import Masker, known, masked

__all__ = ["Completed", "attached", "disown", "find", "quote", "replace", "run", "runs", "spawn", "stop"]

# Seconds between SIGTERM and SIGKILL.
GRACE = 10.0

# How often a quiet program's state is looked at. Its output is read at once, whatever this says.
_TICK = 0.05


@dataclass(frozen=True)
class Completed:
    """How a program ended. A negative *returncode* is the signal that ended it, as in :mod:`subprocess`."""

    argv: tuple[str, ...]
    returncode: int
    output: str
    seconds: float
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        return self.returncode == 0 and not self.timed_out


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
    merge_stderr: bool = True,
    on_output: Callable[[str], None] | None = None,
    cancel: Event | None = None,
    grace: float = GRACE,
) -> Completed:
    """Run a program to its end, and return how it ended with its (masked) output.

    Standard error is part of the output unless *merge_stderr* is false; it is then dropped from a success and shown in
    the error of a failure. *on_output* sees each piece of output as it comes. After *timeout* seconds, or once *cancel*
    is set, the program and all it started are ended. *user* and *group* are as for :func:`spawn`.

    Raises CommandError for a failure or a timeout unless *check* is false, Interrupted when cancelled, ToolError when
    there is no such program.
    """
    arguments = tuple(os.fspath(arg) for arg in argv)
    began = time.monotonic()
    process = spawn(
        arguments,
        cwd=cwd,
        env=env,
        user=user,
        group=group,
        stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merge_stderr else subprocess.PIPE,
    )
    timed_out = False
    pieces: list[str] = []
    errors: list[str] = []

    def keep(piece: str) -> None:
        pieces.append(piece)
        if on_output and piece:
            on_output(piece)

    sinks: list[tuple[IO[bytes], Callable[[str], None]]] = []
    assert process.stdout is not None
    sinks.append((process.stdout, keep))
    if process.stderr is not None:
        sinks.append((process.stderr, errors.append))
    try:
        for _ in _read(process, sinks, input):
            if cancel is not None and cancel.is_set():
                raise Interrupted(f"{quote(arguments)} was stopped")
            if timeout is not None and time.monotonic() - began > timeout:
                timed_out = True
                break
        returncode = stop(process, grace=grace) if timed_out else process.wait()
    finally:
        # Whatever way this ends, nothing that the program started outlives it.
        stop(process, grace=grace)
        for stream, _sink in sinks:
            stream.close()
    done = Completed(arguments, returncode, "".join(pieces), time.monotonic() - began, timed_out)
    if check and not done.ok:
        raise _failure(done, "".join(errors), timeout)
    return done


def _failure(done: Completed, errors: str, timeout: float | None) -> CommandError:
    how = f"took longer than {timeout:g} s" if done.timed_out else f"ended with {done.returncode}"
    tail = (done.output + errors).strip().splitlines()[-20:]
    # The output is masked already; the arguments are not.
    return CommandError("\n".join([masked(f"{quote(done.argv)} {how}"), *tail]))


def _read(
    process: subprocess.Popen[bytes], sinks: Sequence[tuple[IO[bytes], Callable[[str], None]]], input: str | None
) -> Iterator[None]:
    """Feed *input* and hand the output to the sinks until the program has ended; yields at least every tick."""
    pending = memoryview((input or "").encode())
    with selectors.DefaultSelector() as selector:
        for stream, sink in sinks:
            decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
            selector.register(stream, selectors.EVENT_READ, (decoder, Masker(known()), sink))
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        while selector.get_map():
            ready = selector.select(_TICK)
            for key, _events in ready:
                if key.fileobj is process.stdin:
                    with contextlib.suppress(BrokenPipeError):
                        pending = pending[os.write(key.fd, pending) :] if pending else pending
                        if pending:
                            continue
                    selector.unregister(key.fileobj)
                    process.stdin.close()
                    continue
                data = os.read(key.fd, 65536)
                decoder, masker, sink = key.data
                sink(masker.feed(decoder.decode(data, final=not data)))
                if not data:
                    sink(masker.flush())
                    selector.unregister(key.fileobj)
            # A daemon that the program left behind may hold the pipe open for ever: the program's own end is the end.
            if not ready and process.poll() is not None:
                for key in list(selector.get_map().values()):
                    if key.fileobj is not process.stdin:
                        _decoder, masker, sink = key.data
                        sink(masker.flush())
                return
            yield
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_TICK)
            yield


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
    try:
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
    except FileNotFoundError as error:
        missing = error.filename or arguments[0]
        raise ToolError(f"cannot start {quote(arguments)}: {missing} does not exist") from None
    except PermissionError:
        raise ToolError(f"cannot start {quote(arguments)}: it may not be executed") from None


def stop(process: subprocess.Popen[bytes], *, first: int = signal.SIGTERM, grace: float = GRACE) -> int:
    """End a program that :func:`spawn` started, with all it started: *first*, then SIGKILL after *grace* seconds."""
    if process.poll() is None:
        _signal_group(process.pid, first)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    _signal_group(process.pid, signal.SIGKILL)
    return process.wait()


def disown(process: subprocess.Popen[bytes]) -> None:
    """Let a program that :func:`spawn` started outlive this process, which must not wait for it any more."""
    # Popen warns of a program that is still running when the object goes; for this one it is meant to be.
    process.returncode = 0


def runs(pid: int) -> bool:
    """Whether the process *pid*, whoever started it, has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A zombie, where whoever should have waited for it (a container's first process) does not, has ended.
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, IndexError):
        return True


def _signal_group(pid: int, number: int) -> None:
    # The group may be gone, or (macOS) hold only zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def attached(
    argv: Sequence[str | os.PathLike[str]], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> int:
    """Run a program on our own terminal and return its exit code, as a shell does: 128 and the signal that ended it.

    Ctrl-C is the program's to act on. Raises ToolError when there is no such program.
    """
    arguments = [os.fspath(arg) for arg in argv]
    try:
        process = subprocess.Popen(arguments, cwd=cwd, env=env)
    except FileNotFoundError:
        raise ToolError(f"cannot start {quote(arguments)}: {arguments[0]} does not exist") from None
    except PermissionError:
        raise ToolError(f"cannot start {quote(arguments)}: it may not be executed") from None
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
    try:
        os.execvpe(arguments[0], arguments, dict(env) if env is not None else os.environ.copy())
    except FileNotFoundError:
        raise ToolError(f"cannot start {quote(arguments)}: {arguments[0]} does not exist") from None
