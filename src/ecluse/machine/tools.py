"""The programs that are installed with Écluse: itself, tox and uv."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["argv_of", "tool"]

_BY_COMMAND = {"./ecluse": "ecluse", "ecluse": "ecluse", "tox": "tox", "uv": "uv"}


def tool(name: str, *arguments: str) -> tuple[str, ...]:
    """The command line of Écluse's own *name* (a Python module) with *arguments*.

    ``-P`` keeps the folder of the caller out of the search for modules: a ``types.py`` there would replace Python's.
    """
    return (sys.executable, "-P", "-m", name, *arguments)


def argv_of(command: Sequence[str]) -> tuple[str, ...]:
    """*command* as it is run: ``tox`` and ``./ecluse`` are replaced by the programs installed with Écluse.

    So such a step works wherever Écluse is installed, and nothing has to be on the PATH.
    """
    name = _BY_COMMAND.get(command[0]) if command else None
    return tool(name, *command[1:]) if name else tuple(command)
