"""Hears what modules ask that were imported before anybody listened: they are imported again, by a Python of their own.

Django's test runner is loaded when Django has been set up, and with it the project's models.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from collections.abc import Sequence

from ecluse.errors import EcluseError
from ecluse.machine import process
from ecluse.testing.hearing import Hearing

__all__ = ["rehearse"]

# Seconds: it is what Django needs to be set up.
_PATIENCE = 60.0


def rehearse(names: Sequence[str]) -> list[str] | None:
    """The dependencies that the modules *names* have when Django is set up and they are imported; None: unknown."""
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    with contextlib.suppress(EcluseError, ValueError):
        done = process.read(
            (sys.executable, "-m", "ecluse.testing.reimport", *names),
            env={**os.environ, "PYTHONPATH": paths},
            timeout=_PATIENCE,
        )
        # What the project prints stands before it.
        return [str(text) for text in json.loads(done.text.splitlines()[-1])]
    return None


def main(names: Sequence[str]) -> None:
    """Set Django up and import *names*, heard from the beginning; print what they asked, as JSON."""
    hearing = Hearing()
    hearing.begin()
    import django

    django.setup()
    files = {getattr(importlib.import_module(name), "__file__", None) for name in names}
    hearing.end()
    wanted = {os.path.abspath(file) for file in files if file}
    asked = [
        text
        for text, question in hearing.asked.items()
        if not wanted.isdisjoint(os.path.abspath(asker) for asker in question.askers)
    ]
    print()
    print(json.dumps(asked))


if __name__ == "__main__":
    main(sys.argv[1:])
