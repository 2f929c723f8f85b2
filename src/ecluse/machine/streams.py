"""The streams of a running program: reading its output, and writing its standard input."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import selectors
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from ecluse.masking import Masker
from ecluse.secrets import known

__all__ = ["Sink", "pump", "shown"]

Sink = Callable[[bytes], None]
"""Takes a program's output, piece by piece. An empty piece is the end."""

# Seconds between two looks at a program that prints nothing. Output is read at once, whatever this says.
_TICK = 0.05

# Seconds in which output is still read after the program's end: a program that it left behind may print for ever.
_AFTER = 0.5


def shown(callback: Callable[[str], None]) -> Sink:
    """A sink for people: *callback* gets the output as text, with secrets masked."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    masker = Masker(known())

    def feed(data: bytes) -> None:
        callback(masker.feed(decoder.decode(data, final=not data)))
        if not data:
            callback(masker.flush())

    return feed


def pump(
    process: subprocess.Popen[bytes], sinks: Sequence[tuple[IO[bytes], Sink]], input: bytes | None
) -> Iterator[None]:
    """Write *input* to *process* and its output to *sinks* until it has ended. Yields at least once each tick.

    All output up to its end is read. A program that it started and left running is not waited for.
    """
    pending = memoryview(input or b"")
    left: dict[int, int] = {}  # bytes that must still be read of each stream, once the program has ended
    until = 0.0
    with selectors.DefaultSelector() as selector:
        for stream, sink in sinks:
            selector.register(stream, selectors.EVENT_READ, sink)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        while selector.get_map():
            ended = process.poll() is not None
            if ended and not until:
                until = time.monotonic() + _AFTER
                left = {stream.fileno(): _waiting(stream) for stream, _sink in sinks}
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
                key.data(data)
                left[key.fd] = left.get(key.fd, 0) - len(data)
                if not data:
                    left[key.fd] = 0
                    selector.unregister(key.fileobj)
            if ended and (not ready or (time.monotonic() > until and all(count <= 0 for count in left.values()))):
                for key in list(selector.get_map().values()):
                    if key.fileobj is not process.stdin:
                        key.data(b"")
                return
            yield
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_TICK)
            yield


def _waiting(stream: IO[bytes]) -> int:
    """The number of bytes that can be read from the pipe *stream* now."""
    counted = fcntl.ioctl(stream.fileno(), termios.FIONREAD, b"\0\0\0\0")
    return int.from_bytes(counted, "little" if memoryview(b"\1\0").cast("H")[0] == 1 else "big")
