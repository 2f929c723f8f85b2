"""Values that one module of the project has put into another one: a registry that was filled, a constant that was
replaced.

What a module's own code makes follows from its file, and from what that asked. So each module's values are described
when its import ends. Where they are others when the database is asked for, the difference is an answer of its own.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from importlib import _bootstrap_external
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from ecluse.testing.canonical import digest
from ecluse.testing.own_code import is_own

__all__ = ["Values", "attributes", "values"]

# Objects that are what their text says.
_PLAIN = frozenset({bool, int, float, complex, str, bytes, type(None)})
_PLAIN_MODULES = frozenset({"datetime", "decimal", "fractions", "pathlib", "uuid"})
_SEQUENCES = (list, tuple, deque)
_SETS = (set, frozenset)
_NAMED = (FunctionType, BuiltinFunctionType, classmethod, staticmethod, property)

_DEEPEST = 6
# Parts of a module's values that are looked at: a table of a million rows is made by the module's own code.
_MOST = 5000

_IMPORT_SYSTEM = "<frozen importlib._bootstrap_external>"

_AS_MADE = "as its own code made them"


class Values:
    """The values of the project's modules, as their own code made them and as they are now."""

    def __init__(self) -> None:
        self._made: dict[str, dict[str, str]] = {}
        self._imported: dict[str, set[str]] = {}
        self._here = threading.local()
        self._frozen: dict[str, str] | None = None
        self._loader: Any = None

    def begin(self) -> None:
        """Describe each module of the project from now on, when its import ends."""
        if self._loader is not None:
            return
        basics: Any = vars(_bootstrap_external)["_LoaderBasics"]
        self._loader = original = basics.exec_module

        def exec_module(loader: Any, module: ModuleType) -> None:
            if not _is_own(module):
                original(loader, module)
                return
            importing: list[str] = vars(self._here).setdefault("importing", [])
            if importing:
                self._imported.setdefault(importing[-1], set()).add(module.__name__)
            importing.append(module.__name__)
            try:
                original(loader, module)
            finally:
                importing.pop()
            if _is_own(module):  # it may have become something else
                self._made[module.__name__] = _described(module)

        # A part of the import system: a warning that is meant for who imports (stacklevel=2) passes it over.
        exec_module.__code__ = exec_module.__code__.replace(co_filename=_IMPORT_SYSTEM)
        basics.exec_module = exec_module

    def freeze(self) -> None:
        """Keep the answers of now: migrations are going to import modules, and may change values."""
        modules = [(name, module) for name, module in [*sys.modules.items()] if _is_own(module)]
        self._frozen = {name: self.state(name) for name, _ in modules}

    def end(self) -> None:
        """Describe no more modules."""
        if self._loader is not None:
            vars(_bootstrap_external)["_LoaderBasics"].exec_module = self._loader
            self._loader = None

    def state(self, name: str) -> str:
        """The values that others have put into the module *name*, as a digest."""
        if self._frozen is not None:
            return self._frozen.get(name, _AS_MADE)
        changed = self._changed(name)
        return digest(repr(sorted(changed.items()))) if changed else _AS_MADE

    def origins(self, name: str) -> set[str]:
        """The modules of the functions and classes that others have put into the module *name*."""
        return {word.partition(":")[0] for text in self._changed(name).values() for word in text.split() if ":" in word}

    def imported(self, name: str) -> set[str]:
        """The project's modules whose import was a part of that of the module *name*, by whatever means.

        What they put into it then is among what its own code made.
        """
        return self._imported.get(name, set())

    def _changed(self, name: str) -> dict[str, str]:
        module = sys.modules.get(name)
        if not isinstance(module, ModuleType):
            return {}
        made, now = self._made.get(name, {}), _described(module)
        return {key: now.get(key, "gone") for key in {*made, *now} if made.get(key) != now.get(key)}


def attributes(value: object) -> str:
    """The attributes of *value* and of its class that are data, where the class is the project's own."""
    description = _Description()
    own = [base for base in type(value).__mro__ if _is_own(sys.modules.get(base.__module__))]
    found = [*description.namespace(_vars(value), 1)]
    return "\n".join(found + [line for base in own for line in description.namespace(vars(base), 1)])


def _described(module: ModuleType) -> dict[str, str]:
    try:
        return dict(_Description(module.__name__).entries(vars(module), 0))
    except Exception:  # a project's objects may do anything when they are looked at
        return {"": "cannot be described"}


class _Description:
    """Texts for the values of *module*: the same in every process, as long as the values are."""

    def __init__(self, module: str = "") -> None:
        self._module = module
        self._left = _MOST

    def namespace(self, names: Mapping[str, Any], depth: int) -> Iterator[str]:
        return (f"{name} = {text}" for name, text in self.entries(names, depth))

    def entries(self, names: Mapping[str, Any], depth: int) -> Iterator[tuple[str, str]]:
        """The *names* whose values are data or the project's own. Libraries add things of theirs at any time."""
        for name, value in [*names.items()]:
            if isinstance(name, str) and not name.startswith("__"):
                text = self.of(value, depth)
                if text:
                    yield name, text

    def of(self, value: Any, depth: int) -> str:
        """The text; empty for an object of a library, and for a module."""
        kind = type(value)  # not isinstance: an object that stands for another one would make it now
        self._left -= 1
        # pathlib is one module or several (pathlib._local), by Python's version
        if kind in _PLAIN or str(kind.__module__).partition(".")[0] in _PLAIN_MODULES:
            return repr(value)
        if depth > _DEEPEST or self._left < 0 or issubclass(kind, ModuleType):
            return ""
        if issubclass(kind, dict):
            return f"{{ {', '.join(f'{self._item(k, depth)}= {self._item(v, depth)}' for k, v in dict.items(value))} }}"
        if issubclass(kind, _SEQUENCES):
            return f"[ {', '.join(self._item(item, depth) for item in kind.__iter__(value))} ]"
        if issubclass(kind, _SETS):
            return f"{{ {', '.join(sorted(self._item(item, depth) for item in kind.__iter__(value)))} }}"
        if issubclass(kind, type):
            return self._class(value, depth)
        if issubclass(kind, _NAMED):
            function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
            name = f" {getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '')} "
            return name + ", ".join(self.namespace(_vars(function), depth + 1))
        if _is_own(sys.modules.get(kind.__module__)):
            return f" {kind.__module__}:{kind.__qualname__} ( {', '.join(self.namespace(_vars(value), depth + 1))} )"
        return ""

    def _item(self, value: Any, depth: int) -> str:
        return self.of(value, depth + 1) or type(value).__qualname__

    def _class(self, value: type, depth: int) -> str:
        name = f" {value.__module__}:{value.__qualname__} "
        if value.__module__ != self._module:
            return name
        return f"{name}( {', '.join(self.namespace(vars(value), depth + 1))} )"


def _vars(value: object) -> Mapping[str, Any]:
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_own(module: Any) -> bool:
    path = getattr(module, "__file__", None) if type(module) is ModuleType else None
    return isinstance(path, str) and path.endswith(".py") and is_own(os.path.abspath(path))


values = Values()
"""The values of the modules of this process."""
