"""Any value of a setting as a text that is the same in every process, for as long as the value is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Set
from pathlib import PurePath
from typing import Any

__all__ = ["canonical", "digest"]

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def canonical(value: Any, *, top: str = "", depth: int = 12) -> str:
    """*value* as such a text. Where it names the folder *top*, the text does not, so that two checkouts agree.

    Below *depth* levels an object is known by its class alone: it may refer to itself.
    """

    def inner(item: Any) -> str:
        return canonical(item, top=top, depth=depth - 1) if depth else type(item).__qualname__

    if isinstance(value, Mapping):
        return "{" + ", ".join(sorted(f"{inner(key)}: {inner(item)}" for key, item in value.items())) + "}"
    if isinstance(value, Set):
        return "{" + ", ".join(sorted(map(inner, value))) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(inner, value)) + "]"
    if isinstance(value, (str, PurePath)):
        text = str(value)
        return repr(text.replace(top, "<top>") if top else text)
    if value is None or isinstance(value, (bool, int, float, bytes)):
        return repr(value)
    lazy = _lazy_arguments(value)
    if lazy is not None:
        return f"lazy{inner(lazy)}"
    if hasattr(value, "__qualname__"):  # a class or a function
        return f"{value.__module__}.{value.__qualname__}"
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    text = repr(value)
    # The default repr tells where the object is, which is never the same; its attributes tell what it is.
    if _ADDRESS.search(text):
        return f"{name}({inner({**_slots(value), **getattr(value, '__dict__', {})})})"
    return f"{name}:{text.replace(top, '<top>') if top else text}"


def _slots(value: Any) -> dict[str, Any]:
    """The attributes of *value* that its classes keep in ``__slots__``."""
    names = [getattr(base, "__slots__", ()) for base in type(value).__mro__]
    flat = [name for slots in names for name in ((slots,) if isinstance(slots, str) else slots)]
    return {
        name: getattr(value, name) for name in flat if name not in ("__dict__", "__weakref__") and hasattr(value, name)
    }


def digest(text: str | bytes) -> str:
    """A short name for *text*: 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text).hexdigest()[:16]


def _lazy_arguments(value: Any) -> tuple[Any, ...] | None:
    """The arguments of a lazy translation, without translating it."""
    if not any(base.__name__ == "Promise" for base in type(value).__mro__):
        return None
    _unpickle, (function, arguments, keywords, *_classes) = value.__reduce__()
    return (function, arguments, keywords)
