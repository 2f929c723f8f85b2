"""The project's own files and modules: neither Python's nor an installed package's."""

from __future__ import annotations

import contextlib
import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import ecluse

__all__ = ["INSTALLED", "changed_since", "is_own", "modules_of"]


def is_own(path: str) -> bool:
    """Whether *path* is the project's own: neither Python's nor an installed package's, whose versions are known."""
    return os.path.isabs(path) and not path.startswith(INSTALLED)


def _installed() -> tuple[str, ...]:
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), site.getusersitepackages()}
    # A system's Python keeps its packages in a folder that sysconfig does not name.
    folders |= {path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")}
    folders.add(os.path.dirname(ecluse.__file__))
    return tuple(sorted(os.path.abspath(folder) + os.sep for folder in folders if folder))


INSTALLED = _installed()
"""The beginnings of the paths of Python's files and those of installed packages."""


def modules_of(files: Iterable[str]) -> set[str]:
    """The names of the imported modules whose source is among *files*."""
    wanted = {os.path.abspath(file) for file in files}
    named = {os.path.abspath(getattr(module, "__file__", None) or ""): name for name, module in [*sys.modules.items()]}
    return {named[file] for file in wanted if file in named}


def changed_since(path: str, when: float) -> bool:
    """Whether the file at *path* has been written or renamed after *when*."""
    with contextlib.suppress(OSError):
        # The kernel's clock for files is a few milliseconds behind.
        return Path(path).stat().st_ctime > when - 0.02
    return True
