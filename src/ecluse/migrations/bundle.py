"""The package ecluse.migrations as one script: the Python of a release does not have ecluse."""

from __future__ import annotations

import functools
from importlib import resources

__all__ = ["script"]

_PACKAGE = "ecluse_migrations"

# Modules from a dictionary: importable in a program that was read from standard input.
_LOADER = '''\
"""What Écluse runs in a release: made by ecluse.migrations.bundle."""

import importlib.abc
import importlib.util
import linecache
import sys

SOURCES = {sources!r}


class Sources(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname, path=None, target=None):
        if fullname != {package!r} and not fullname.startswith({package!r} + "."):
            return None
        name = fullname.partition(".")[2]
        return importlib.util.spec_from_loader(fullname, self, is_package=not name) if name in SOURCES else None

    def exec_module(self, module):
        name = module.__name__.partition(".")[2]
        source, file = SOURCES[name], "<" + module.__name__ + ">"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)
        exec(compile(source, file, "exec"), module.__dict__)


sys.meta_path.insert(0, Sources())
from {package}.__main__ import main

sys.exit(main(sys.argv[1:]))
'''


@functools.cache
def script() -> str:
    """A program that needs no file of ours: ``python - preflight``, with it on standard input."""
    sources = {"": ""}
    for file in resources.files(__package__).iterdir():
        name = file.name.removesuffix(".py")
        if file.name.endswith(".py") and name not in ("__init__", "bundle"):
            sources[name] = file.read_text(encoding="utf-8")
    return _LOADER.format(sources=dict(sorted(sources.items())), package=_PACKAGE)
