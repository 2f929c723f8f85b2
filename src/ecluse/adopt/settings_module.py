"""The settings module of a project whose manage.py names none: as its other files name it, else by its usual places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["VARIABLE", "likely"]

VARIABLE = "DJANGO_SETTINGS_MODULE"

# Files that say how a project is started, those that serve it first.
_PLACES = (
    "*/wsgi.py",
    "*/asgi.py",
    "Procfile",
    "Dockerfile*",
    "*compose*.y*ml",
    ".env.*",
    ".github/workflows/*.y*ml",
    ".gitlab-ci.yml",
    "tox.ini",
    "Makefile",
)
_MODULES = ("settings.py", *(f"settings/{name}.py" for name in ("base", "local", "development", "dev")))


def likely(top: Path, folder: str) -> str:
    """The module that the project in *folder* most likely uses; empty where none is found."""
    return next((name for name in _names(top, folder) if _exists(top / folder, name)), "")


def _names(top: Path, folder: str) -> Iterator[str]:
    for where in dict.fromkeys((top / folder, top)):
        for path in (path for pattern in _PLACES for path in sorted(where.glob(pattern)) if path.is_file()):
            text = path.read_text(encoding="utf-8", errors="replace")
            yield from re.findall(rf"{VARIABLE}[\s\"',:=]+([A-Za-z_]\w*(?:\.\w+)*)", text)
    for place in _MODULES:
        for path in sorted((top / folder).glob(f"*/{place}")):
            yield ".".join(path.relative_to(top / folder).with_suffix("").parts)


def _exists(folder: Path, name: str) -> bool:
    path = folder.joinpath(*name.split("."))
    try:
        return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
    except OSError:  # no file may have so long a name
        return False
