"""Copies of the programs that serve an environment: Supervisor, the starter, gunicorn's configuration."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ecluse.machine import durable, process

__all__ = ["MAIN", "copy", "script"]

MAIN = "supervisord.py"

_COPIED = ("starter.py", "gunicorn_conf.py", "counts.py", "served.py", "unaware.py", "asgi_site.py", "asgi_worker.py")

# Supervisor reports a log that cannot be written on its standard error: on a full disk that cannot be written either,
# and would be its end, and so the site's.
_MAIN = """\
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from supervisor.supervisord import main

class Unfailing:
    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def write(self, text):
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            pass

    def flush(self):
        pass

sys.stdout, sys.stderr = Unfailing(sys.stdout), Unfailing(sys.stderr)
main()
"""


def script(folder: Path, name: str, argv: Sequence[str | os.PathLike[str]]) -> tuple[str, ...]:
    """A command line without a path of the environment in it, which runs *argv* with what is added to it.

    Supervisor's file cannot have every character that a path can: a comment begins with `` #`` or `` ;``, and ``%`` is
    expanded up to twice. The path is relative to the folder above *folder*, where Supervisor runs.
    """
    durable.write(folder / f"{name}.sh", f'exec {process.quote(argv)} "$@"\n')
    return ("/bin/sh", f"{folder.name}/{name}.sh")


def copy(folder: Path) -> None:
    """Bring the copies in *folder* up to date with ours."""
    here = Path(__file__).parent
    for name in _COPIED:
        target, content = folder / name, (here / name).read_bytes()
        if not target.is_file() or target.read_bytes() != content:
            durable.write(target, content)
    main = folder / MAIN
    if not main.is_file() or main.read_text(encoding="utf-8") != _MAIN:
        found = importlib.util.find_spec("supervisor")
        assert found is not None and found.origin is not None, "Supervisor is a dependency of ecluse"
        ignored = shutil.ignore_patterns("tests", "__pycache__")
        shutil.copytree(Path(found.origin).parent, folder / "lib" / "supervisor", ignore=ignored, dirs_exist_ok=True)
        durable.write(main, _MAIN)
