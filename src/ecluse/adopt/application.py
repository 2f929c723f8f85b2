"""The application that a project is served by: WSGI, or ASGI where it says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ecluse.adopt.asking import SettingsReport

__all__ = ["ASGI_SERVER", "SERVED_BY_ASGI", "Application", "find"]

ASGI_SERVER = ("uvicorn", "websockets")
"""The packages of a release that is served by ASGI, beside gunicorn."""

SERVED_BY_ASGI = frozenset({"channels", "daphne", "hypercorn"})
"""Packages that a project has because it is served by ASGI; uvicorn comes with other packages too."""

# Files that say how a project is started, as people name them.
_PLACES = ("Procfile", "*Dockerfile*", "*compose*.y*ml", "*.sh", "fly.toml", "render.yaml", "*/Dockerfile*", "*/*.sh")
_ASGI_SERVERS = re.compile(r"\b(daphne|uvicorn|hypercorn)\b")
_WSGI_SERVERS = re.compile(r"\b(gunicorn|uwsgi|waitress-serve)\b")


@dataclass(frozen=True)
class Application:
    """The application at *path* (``shop.asgi:application``), and *why* it is that one."""

    path: str
    asgi: bool
    why: str = ""

    def __str__(self) -> str:
        return f"{'ASGI' if self.asgi else 'WSGI'}, {self.path}" + (f": {self.why}" if self.why else "")


def find(top: Path, folder: str, answer: SettingsReport, packages: Iterable[str]) -> Application:
    """The application of the project in *folder*, whose lock has *packages*."""
    package = answer.module.partition(".")[0]
    wsgi = _path(answer, "WSGI_APPLICATION") or f"{package}.wsgi:application"
    beside = f"{wsgi.partition(':')[0].rpartition('.')[0] or package}.asgi"
    there = (top / folder / f"{beside.replace('.', '/')}.py").is_file()
    asgi = _path(answer, "ASGI_APPLICATION") or (f"{beside}:application" if there else "")
    why = _reason_for_asgi(top, folder, answer, frozenset(packages)) if asgi else ""
    return Application(asgi, True, why) if why else Application(wsgi, False)


def _reason_for_asgi(top: Path, folder: str, answer: SettingsReport, packages: frozenset[str]) -> str:
    if answer.settings.get("ASGI_APPLICATION") and not answer.settings.get("WSGI_APPLICATION"):
        return "it has no WSGI_APPLICATION"
    installed = {str(name).partition(".")[0] for name in answer.settings.get("INSTALLED_APPS") or ()}
    for name in sorted(installed & SERVED_BY_ASGI):
        return f"{name} is installed"
    commands = list(_commands(top, folder))
    by_asgi = [file for file, line in commands if "asgi" in line or _ASGI_SERVERS.search(line)]
    if by_asgi or any("wsgi" in line for _, line in commands):
        return f"as {by_asgi[0]} starts it" if by_asgi else ""
    for name in sorted(packages & {*SERVED_BY_ASGI, "uvicorn"}):
        return f"{name} is required"
    return ""


def _commands(top: Path, folder: str) -> Iterator[tuple[str, str]]:
    """The lines that start a server, and the file of each."""
    for where in dict.fromkeys((top / folder, top)):
        for path in sorted(path for pattern in _PLACES for path in where.glob(pattern) if path.is_file()):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                starts = _ASGI_SERVERS.search(line) or _WSGI_SERVERS.search(line)
                if starts and not re.search(r"^\s*#|\b(pip|uv|poetry|apt-get|apt)\b.* (install|add)\b", line):
                    yield path.relative_to(top).as_posix(), line


def _path(answer: SettingsReport, setting: str) -> str:
    module, _, name = str(answer.settings.get(setting) or "").rpartition(".")
    return f"{module}:{name}" if module else ""
