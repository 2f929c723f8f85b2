"""A question of a program about a file, a folder or a variable, with its answer of now: a dependency and its state.

A dependency is a text, ``KIND NAME``, so that a list of them can be kept as JSON. Two runs that find the same states
got the same answers.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ecluse.services import libpq
from ecluse.testing.canonical import digest
from ecluse.testing.values import values

__all__ = ["contents", "dependency", "is_asked_for", "signature", "state"]

# Of the machine, or of this run alone: they say nothing about a project.
_VARIABLES = frozenset({"DATABASE_URL", "COLUMNS", "LINES", "_", "SHLVL", "OLDPWD"})
_SET_BY_DJANGO = frozenset({"DJANGO_SETTINGS_MODULE", "TZ"})
_VARIABLES_OF = ("ECLUSE_", "PYTEST_", "COVERAGE_")


def dependency(kind: str, name: str) -> str:
    """The text for a question of *kind* (a key of the table below) about *name*, a path or a variable."""
    return f"{kind} {name}"


def is_asked_for(variable: str) -> bool:
    """Whether the environment *variable* may say something about a project: it is not this run's own, nor libpq's."""
    return not (variable in _VARIABLES or variable.startswith(_VARIABLES_OF) or variable in libpq.VARIABLES)


def contents(dependencies: Iterable[str]) -> dict[str, str]:
    """Each of *dependencies* with its state now."""
    return {text: state(text) for text in sorted(set(dependencies))}


def state(text: str) -> str:
    """The answer of now to the question *text*."""
    kind, _, name = text.partition(" ")
    try:
        return _ANSWERS[kind](name)
    except (KeyError, OSError, ValueError):
        return "absent"


def signature(text: str) -> str:
    """A value that changes when the answer to *text* may have changed; for a file without reading it."""
    kind, _, name = text.partition(" ")
    if kind != "file":
        return state(text)
    try:
        found = _stat(name)
    except (OSError, ValueError):
        return "absent"
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


# Python's own, whatever is put in its place while a program is heard.
_stat, _lstat, _readlink, _listdir = os.stat, os.lstat, os.readlink, os.listdir


def _file(path: str) -> str:
    return digest(Path(path).read_bytes())


def _listing(path: str) -> str:
    # Python's own caches are no part of a project.
    return digest("\n".join(sorted(name for name in _listdir(path) if name != "__pycache__")))


def _types(path: str) -> str:
    return digest("\n".join(sorted(f"{name} {_link(entry)}" for name, entry in _entries_of(path))))


def _entries(path: str) -> str:
    # A folder changes with the byte code that is written into it.
    states = [
        f"{name} {_link(entry)} {'' if _isdir(entry) else state(f'details {entry}')}"
        for name, entry in _entries_of(path)
    ]
    return digest("\n".join(sorted(states)))


def _entries_of(path: str) -> list[tuple[str, str]]:
    return [(name, os.path.join(path, name)) for name in _listdir(path) if name != "__pycache__"]


def _isdir(path: str) -> bool:
    return state(f"exists {path}") == str(stat.S_IFDIR)


def _exists(path: str) -> str:
    return str(stat.S_IFMT(_stat(path).st_mode))


def _link(path: str) -> str:
    kind = stat.S_IFMT(_lstat(path).st_mode)
    return f"{kind} {_readlink(path)}" if stat.S_ISLNK(kind) else str(kind)


def _details(path: str) -> str:
    found = _stat(path)
    return f"{found.st_mode} {found.st_size} {found.st_mtime_ns}"


def _access(path: str) -> str:
    return str(_stat(path).st_mode)


def _variable(name: str) -> str:
    value = _environ().get(name)
    return "absent" if value is None else digest(value)


def _variables(_: str) -> str:
    names = (name for name in _environ() if is_asked_for(name) and name not in _SET_BY_DJANGO)
    return digest("\n".join(sorted(names)))


def _arguments(_: str) -> str:
    return digest("\0".join(sys.argv[1:]))


def _environ() -> Mapping[str, str]:
    # Not through os.environ's own methods, which are heard.
    return {os.fsdecode(name): os.fsdecode(value) for name, value in vars(os.environ)["_data"].items()}


_ANSWERS: Mapping[str, Callable[[str], str]] = {
    "file": _file,  # its content
    "listing": _listing,  # the names in a folder
    "types": _types,  # the same, and what is a file, a folder or a link
    "entries": _entries,  # the same, with the sizes and times of the files
    "exists": _exists,  # whether something is there, and of which type
    "link": _link,  # the same of a link itself
    "details": _details,  # its size, time and mode
    "access": _access,  # who may read it
    "variable": _variable,  # an environment variable
    "variables": _variables,  # the names of all variables
    "arguments": _arguments,  # of the command
    "values": values.state,  # what others have put into a module
}
