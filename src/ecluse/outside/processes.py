"""The processes of a project: the interpreter, the packages and the environment that they get."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecluse.definition.model import Project
from ecluse.errors import DefinitionError, ToolError
from ecluse.machine import virtualenv
from ecluse.machine.interpreters import installed
from ecluse.outside.description import place
from ecluse.services.equipment import equip
from ecluse.services.paths import cache_folder

__all__ = ["Processes", "interpreter", "prepare"]

# Variables of the caller's Python that would change what the project's own Python imports.
_OF_ANOTHER_PYTHON = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


@dataclass(frozen=True)
class Processes:
    """The folder of a project's processes, and the environment that they get."""

    folder: Path
    environ: Mapping[str, str]


def prepare(
    top: Path, project: Project, work: Path, environ: Mapping[str, str], say: Callable[[str], None]
) -> Processes:
    """Make what the processes of *project* need, once: its virtual environment, and its settings from outside.

    *work* is a folder for what is made. Raises DefinitionError where the lock is missing, ToolError without its Python.
    """
    lock = top / project.lock
    if not lock.is_file():
        raise DefinitionError(
            "there is no such file",
            where=f"pipeline.py: project: {project.lock}",
            hint="./ecluse adopt --write makes it",
        )
    python = interpreter(project, environ)
    environments = cache_folder(environ) / "venvs"
    if not (environments / virtualenv.key(lock.read_bytes(), python)).is_dir():
        say(f"installing {project.lock}")
    made = virtualenv.ensure(environments, lock, environ, python=python)
    outside = place(project, work / "outside")
    kept = {name: value for name, value in environ.items() if name not in _OF_ANOTHER_PYTHON}
    variables = {
        **project.env,
        **kept,
        "PATH": os.pathsep.join((str(made / "bin"), kept.get("PATH", os.defpath))),
        "VIRTUAL_ENV": str(made),
        "PYTHONPATH": str(outside),
        "DJANGO_SETTINGS_MODULE": project.settings,
        # What commands and tests collect or upload is no part of the repository.
        "DJANGO_STATIC_ROOT": str(work / "project" / "static"),
        "DJANGO_MEDIA_ROOT": str(work / "project" / "media"),
        "ECLUSE_TESTS": "django",
    }
    return Processes(top / project.folder, equip(variables, work))


def interpreter(project: Project, environ: Mapping[str, str]) -> Path:
    """The interpreter that *project* asks for. Raises ToolError where this machine does not have it."""
    if not project.python:
        return virtualenv.base_python()
    found = installed(environ)
    if project.python not in found:
        raise ToolError(
            f"Python {project.python} is not on this machine",
            where="pipeline.py: project",
            hint=f"install it, or name one of {', '.join(found)} there",
        )
    return found[project.python]
