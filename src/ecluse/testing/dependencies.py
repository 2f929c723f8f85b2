"""The dependencies of a migrated database, apart from its migrations: code that they execute, files that they ask
about.

Found when they run, and kept beside the cached cluster: when an answer is another one, the cluster is not used.
"""

from __future__ import annotations

import ast
import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ecluse.testing.executed import executed
from ecluse.testing.hearing import Hearing
from ecluse.testing.imports import asked_for
from ecluse.testing.own_code import changed_since, is_own, modules_of
from ecluse.testing.reimport import rehearse
from ecluse.testing.searched import on_disk, searched
from ecluse.testing.states import dependency, signature
from ecluse.testing.values import values

__all__ = ["DependencyListener", "modules"]

# C reads them, and tells nobody.
_READ_IN_C = ("LANG", "LANGUAGE", "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MONETARY", "LC_NUMERIC", "LC_TIME", "TZ")


def modules(roots: Iterable[str]) -> dict[str, str]:
    """File and name of the project's own modules that *roots* (names) import, directly or not; roots included.

    By their ``import`` statements, as far as they have been carried out in this process.
    """
    return _followed(roots)[0]


def _followed(roots: Iterable[str]) -> tuple[dict[str, str], set[str]]:
    """The modules, and all names that were looked for: in vain, or of what is no module."""
    files: dict[str, str] = {}
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
        files[os.path.abspath(path)] = name
        package = getattr(module, "__package__", None) or ""
        with contextlib.suppress(OSError, SyntaxError, ValueError):
            waiting += _imported(ast.parse(Path(path).read_bytes()), package)
        # Importing a module runs the packages that it is in.
        waiting += [name.rpartition(".")[0]] if "." in name else []
    return files, seen


def _followed_with_values(roots: set[str]) -> tuple[dict[str, str], set[str]]:
    """The modules, those of what others have put into them (a class in a registry), and those that may have put
    something into them during their import: no ``import`` statement need name these.
    """
    files, names = _followed(roots)
    put = {other for name in files.values() for other in values.origins(name) | values.imported(name)} - names
    return _followed_with_values(roots | put) if put else (files, names)


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


class DependencyListener:
    """Hears a process from its beginning until its database is migrated."""

    def __init__(self, ignored: Iterable[str] = ()) -> None:
        self.hearing = Hearing(ignored)
        self._executed: set[str] = set()
        self._names: set[str] = set()
        self._found: set[str] | None = None
        self._doubts: list[str] = []

    @contextlib.contextmanager
    def migrating(self) -> Iterator[None]:
        """The migrations run meanwhile: all that is asked counts."""
        before = set(sys.modules)
        self.hearing.all = True
        try:
            with executed(self._executed) as told, asked_for(self._names):
                yield
        finally:
            self.hearing.end()
            self._names |= set(sys.modules) - before
        missed = told()
        self._doubts += [missed] if missed else []

    def found(self, roots: Iterable[str]) -> set[str]:
        """The dependencies: code that was executed and all that it imports, and what that code asked."""
        files, names = _followed_with_values({*roots, *self._names, *modules_of(self._executed)})
        asked = {text for text, question in self.hearing.asked.items() if _by(question.askers, files)}
        early = sorted(name for name in files.values() if name in self.hearing.early)
        if early:
            heard = rehearse(early)
            asked |= set(heard or ())
            self._doubts += [] if heard is not None else ["what was read before the tests began is not known"]
        for why, askers in self.hearing.unfollowed.items():
            self._doubts += [why] if _by(askers, files) else []
        changed = sorted(path for path in map(on_disk, files) if changed_since(path, self.hearing.began))
        self._doubts += [f"{path} was changed meanwhile" for path in changed]
        arguments = {dependency("arguments", "")} if any(map(_reads_arguments, files)) else set()
        always = {dependency("variable", name) for name in _READ_IN_C}
        read = {dependency("file", on_disk(path)) for path in files}
        put = {dependency("values", name) for name in files.values()}
        self._found = asked | arguments | always | read | put | searched(names)
        return self._found

    def doubts(self) -> list[str]:
        """Why what was found may not be what the database was made of; empty where it is. Asked after :meth:`found`."""
        changed = [
            f"{text.partition(' ')[2] or text.strip()} was changed meanwhile"
            for text, question in self.hearing.asked.items()
            if text in (self._found or ()) and signature(text) != question.before
        ]
        return self._doubts + changed


def _reads_arguments(path: str) -> bool:
    """Whether the module at *path* may look at the command's arguments: a list tells nobody who reads it."""
    with contextlib.suppress(OSError):
        return b"argv" in Path(path).read_bytes()
    return True


def _by(askers: set[str], files: Iterable[str]) -> bool:
    return "" in askers or not {os.path.abspath(asker) for asker in askers}.isdisjoint(files)
