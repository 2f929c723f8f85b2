"""The parts of the tool that a job's programs get: nothing of it is installed into a project's environments.

A folder on PYTHONPATH holds the package ``ecluse`` alone, without the packages that the tool needs. There pytest finds
its plugin, and tox the one that passes these variables on to its environments. A project needs only its driver.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import ecluse
from ecluse.errors import RepositoryError
from ecluse.services import binaries
from ecluse.services.docker_services import TOOL
from ecluse.services.kinds import KINDS

__all__ = ["PLUGIN", "added", "equip", "passed_on"]

PLUGIN = "ecluse.testing.plugin"

# Read by every tox whose Python has the folder on its path: https://tox.wiki/en/latest/plugins.html
_METADATA = {
    "METADATA": "Metadata-Version: 2.1\nName: ecluse-equipment\nVersion: 0\n",
    "entry_points.txt": "[tox]\necluse = ecluse.testing.tox\n",
}


def equip(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """*environ* for a program of a job, with the plugin, PostgreSQL's programs and the tool's Python.

    *folder* is the tool's own folder in the repository. Raises RepositoryError where it cannot be written.
    """
    try:
        packages = _packages(folder / "plugin")
    except OSError as error:
        raise RepositoryError(f"{folder} cannot be written: {error.strerror}") from None
    programs = {} if environ.get(binaries.VARIABLE) else _programs()
    return {**environ, **added(environ, str(packages)), **programs, TOOL: sys.executable}


def added(environ: Mapping[str, str], packages: str) -> dict[str, str]:
    """PYTHONPATH with the folder *packages* at its end, and PYTEST_PLUGINS with the plugin, once each."""
    paths = [path for path in environ.get("PYTHONPATH", "").split(os.pathsep) if path and path != packages]
    plugins = [name for name in environ.get("PYTEST_PLUGINS", "").split(",") if name and name != PLUGIN]
    return {"PYTHONPATH": os.pathsep.join([*paths, packages]), "PYTEST_PLUGINS": ",".join([*plugins, PLUGIN])}


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of *environ* that tests need to find their services; tox passes them on."""
    names = {kind.variable for kind in KINDS.values()} | {"XDG_CACHE_HOME"}
    prefixes = ("ECLUSE_", "DOCKER_", "TESTCONTAINERS_")
    return {name: value for name, value in environ.items() if name in names or name.startswith(prefixes)}


def _programs() -> dict[str, str]:
    folder = binaries.wheel()
    return {binaries.VARIABLE: str(folder)} if folder is not None else {}


def _packages(folder: Path) -> Path:
    """*folder* with a link to the package and the metadata that tox reads, made unless it is there."""
    package = Path(ecluse.__file__).resolve().parent
    link, metadata = folder / "ecluse", folder / "ecluse_equipment-0.dist-info"
    if not (link.is_symlink() and Path(os.readlink(link)) == package and metadata.is_dir()):
        # Whole, and then in its place: another job may be about to use it.
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="plugin.", dir=folder.parent))
        try:
            folder.mkdir(exist_ok=True)
            (scratch / link.name).symlink_to(package)
            (scratch / metadata.name).mkdir()
            for name, text in _METADATA.items():
                (scratch / metadata.name / name).write_text(text, encoding="utf-8")
            try:
                os.rename(scratch / metadata.name, metadata)
            except OSError:
                if not metadata.is_dir():  # else another job has made it meanwhile
                    raise
            os.replace(scratch / link.name, link)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return folder
