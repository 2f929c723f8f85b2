"""What the migrations of a project depend on, apart from themselves: modules they import, files they read.

Found when they run, and kept beside the cached cluster: when one of them has changed, the cluster is not used.
"""

from __future__ import annotations

import ast
import contextlib
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from ecluse.testing.canonical import digest

__all__ = ["Watch", "contents", "is_own", "modules"]


def contents(paths: Iterable[str]) -> dict[str, str]:
    """Each of *paths* with the digest of its content; "absent" where there is no such file (any more)."""
    found = {}
    for path in sorted(set(paths)):
        try:
            found[path] = digest(Path(path).read_bytes())
        except OSError:
            found[path] = "absent"
    return found


def is_own(path: str) -> bool:
    """Whether *path* is the project's own: neither Python's nor an installed package's, whose versions are known."""
    return os.path.isabs(path) and not path.startswith(_INSTALLED)


def modules(roots: Iterable[str]) -> set[str]:
    """The files of the project's own modules that *roots* (names of modules) import, directly or not; roots included.

    By their ``import`` statements, as far as they have been carried out in this process.
    """
    files: set[str] = set()
    waiting, seen = list(roots), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        module = sys.modules.get(name)
        path = getattr(module, "__file__", None)
        if path is None or not path.endswith(".py") or not is_own(os.path.abspath(path)):
            continue
        files.add(os.path.abspath(path))
        package = getattr(module, "__package__", None) or ""
        with contextlib.suppress(OSError, SyntaxError, ValueError):
            waiting += _imported(ast.parse(Path(path).read_bytes()), package)
        # Importing a module runs the packages that it is in.
        waiting += [name.rpartition(".")[0]] if "." in name else []
    return files


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            # What is imported from a package may be a module of it.
            yield from (f"{name}.{alias.name}" for alias in node.names)


class Watch:
    """Notes the project's own files that are opened for reading, and the modules that are first imported, meanwhile."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self._modules: set[str] = set()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        before = set(sys.modules)
        _hear(self.files)
        try:
            yield
        finally:
            _hear(None)
            self._modules = set(sys.modules) - before

    def found(self, roots: Iterable[str]) -> set[str]:
        """The files that were opened or imported, and those that *roots* import."""
        return self.files | modules({*roots, *self._modules})


_heard: set[str] | None = None
_hooked = False


def _hear(into: set[str] | None) -> None:
    global _heard, _hooked
    _heard = into
    if not _hooked:
        # An audit hook cannot be taken away again, so there is one at most. It costs nothing while nobody listens.
        sys.addaudithook(_audit)
        _hooked = True


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _heard is None or event != "open":
        return
    path, mode = arguments[0], arguments[1]
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if not isinstance(path, (str, os.PathLike)) or (isinstance(mode, str) and set(mode) & set("wax+")):
        return
    name = os.path.abspath(os.fspath(path))
    if is_own(name) and "__pycache__" not in name and not name.startswith(("/dev/", "/proc/", "/sys/", "/etc/")):
        if os.path.isfile(name):
            _heard.add(name)


def _installed() -> tuple[str, ...]:
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), site.getusersitepackages()}
    # A system's Python keeps its packages in a folder that sysconfig does not name.
    folders |= {path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")}
    return tuple(sorted(os.path.abspath(folder) + os.sep for folder in folders if folder))


_INSTALLED = _installed()
