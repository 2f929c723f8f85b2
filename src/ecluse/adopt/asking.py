"""Questions to a project, answered by its own code in a process of its own and its own Python."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecluse.machine import process
from ecluse.services.paths import cache_folder

__all__ = ["SettingsReport", "LoadFailure", "Subject", "bytecode"]

_CHILD = Path(__file__).parent / "children" / "ask_settings.py"

# Seconds for a project to load its settings and applications; the slowest of fifty public ones took eleven.
_PATIENCE = 120.0


# Variables of the process that asks: they would change how the project's own Python, tests and coverage run.
_CALLERS = ("PYTHON", "PYTEST", "COVERAGE", "COV_CORE", "TOX", "DJANGO", "ECLUSE")


@dataclass(frozen=True)
class LoadFailure:
    """Why a project did not load: the exception, the *place* in the project, a *module* or a *file* that is missing."""

    kind: str
    text: str
    place: str = ""
    module: str | None = None
    file: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.text.splitlines()[0] if self.text else ''}" + (
            f" ({self.place})" if self.place else ""
        )


@dataclass(frozen=True)
class SettingsReport:
    """The settings of a project: what they asked for, and their values.

    *asked* has each variable that the settings read, in order, and whether it was missing. *loaded*: the settings are
    there, although an application may have failed since. *settings* has their values by name, *folders* the paths in
    all of them that lead into the repository, from its top. *unmigrated* has each application with tables and without
    migrations, and whether `migrate` fails for want of them. *celery* describes the project's Celery application.
    *services* has the settings that name a service, by its kind (``redis``, ``rabbitmq``).
    *unchecked* is why Django's own checks fail, where they were run.
    """

    ok: bool
    loaded: bool = False
    module: str = ""
    django: str = ""
    python: str = ""
    asked: Mapping[str, bool] = field(default_factory=dict)
    opened: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    celery: Mapping[str, Any] | None = None
    services: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unmigrated: Mapping[str, bool] = field(default_factory=dict)
    failure: LoadFailure | None = None
    unchecked: LoadFailure | None = None

    @property
    def reason(self) -> LoadFailure | None:
        """Why the settings do not load; where they do, why Django's own checks fail."""
        return self.failure or self.unchecked

    @property
    def databases(self) -> Mapping[str, Mapping[str, Any]]:
        """``DATABASES``."""
        return self.settings.get("DATABASES") or {}

    @property
    def engine(self) -> str:
        """The engine of the default database: ``postgresql``, ``sqlite3``, ``postgis`` …"""
        return str(self.databases.get("default", {}).get("ENGINE", "")).rpartition(".")[2]


@dataclass(frozen=True)
class Subject:
    """A project that can be run: its repository's *top*, its *folder* there, its *python*, and the *environ* to use."""

    top: Path
    folder: str
    python: Path
    environ: Mapping[str, str]

    def ask(self, variables: Mapping[str, str], settings: str = "", *, check: bool = False) -> SettingsReport:
        """Load its settings with *variables* set; without *settings*, those that its manage.py names. *check*: run
        Django's own checks too.
        """
        with tempfile.TemporaryDirectory(prefix="ecluse-ask-") as scratch:
            answer = Path(scratch, "answer.json")
            argv = [
                str(self.python),
                str(_CHILD),
                *(["--check"] if check else []),
                str(answer),
                str(self.top / self.folder),
                *([settings] if settings else []),
            ]
            done = process.run(
                argv, cwd=self.top / self.folder, env=self.variables(variables), check=False, timeout=_PATIENCE
            )
            try:
                return _answer(json.loads(answer.read_bytes()))
            except (FileNotFoundError, ValueError):
                said = "it took too long" if done.timed_out else "\n".join(done.output.strip().splitlines()[-3:])
                return SettingsReport(
                    False, failure=LoadFailure("no answer", said or f"it ended with {done.returncode}")
                )

    def variables(self, given: Mapping[str, str]) -> dict[str, str]:
        """The environment of its processes: the caller's without what belongs to Python, its tools and Django, and
        *given*."""
        kept = {name: value for name, value in self.environ.items() if not name.startswith(_CALLERS)}
        for name in ("VIRTUAL_ENV", "DATABASE_URL"):
            kept.pop(name, None)
        path = os.pathsep.join((str(self.python.parent), kept.get("PATH", os.defpath)))
        return {**kept, "PATH": path, **bytecode(self.environ), "ECLUSE_TOP": str(self.top), **given}


def bytecode(environ: Mapping[str, str]) -> dict[str, str]:
    """The variable that has Python keep byte code in the cache: a repository need not ignore it, and a project that is
    loaded ten times is compiled once.
    """
    return {"PYTHONPYCACHEPREFIX": str(cache_folder(environ) / "bytecode")}


def _answer(values: dict[str, Any]) -> SettingsReport:
    failure, unchecked = values.pop("error", None), values.pop("unchecked", None)
    known = {name: values[name] for name in SettingsReport.__dataclass_fields__ if name in values}
    for name in ("opened", "modules", "folders"):
        known[name] = tuple(known.get(name, ()))
    return SettingsReport(
        **known,
        failure=LoadFailure(**failure) if failure else None,
        unchecked=LoadFailure(**unchecked) if unchecked else None,
    )
