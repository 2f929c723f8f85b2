"""A program whose input or output is a pipe of ours, while it runs."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from ecluse.errors import BackupError
from ecluse.machine import process

__all__ = ["piped"]


@contextmanager
def piped(
    argv: Sequence[str],
    environ: Mapping[str, str],
    failure: Callable[[str], BackupError],
    *,
    stdin: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """The program *argv*, ended with the block; its output is a pipe. Where it fails, raises the error that *failure*
    makes of its standard error.
    """
    with tempfile.TemporaryFile() as errors:
        program = process.spawn(argv, env=environ, stdin=stdin, stdout=subprocess.PIPE, stderr=errors)
        try:
            yield program
            if program.wait():
                errors.seek(0)
                raise failure(errors.read().decode(errors="replace"))
        finally:
            if program.poll() is None:
                process.stop(program)
            for pipe in (program.stdin, program.stdout):
                if pipe is not None:
                    with suppress(OSError):  # what was not written yet can no longer be
                        pipe.close()
