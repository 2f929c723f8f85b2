"""The Pythons of this machine, by version. Each is run once: pyenv's shims on the PATH may fail when called."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from ecluse.errors import EcluseError
from ecluse.machine import process
from ecluse.machine.virtualenv import base_python

__all__ = ["find", "installed", "pyenv_choice"]

_CURRENT = f"{sys.version_info.major}.{sys.version_info.minor}"


def find(versions: Iterable[str], environ: Mapping[str, str], memory: Path) -> dict[str, str]:
    """The full version of each of *versions* (as ``3.13``) that is installed and runs.

    Running one takes 20 to 200 ms, so answers are kept in the file *memory* until the program or pyenv's choice
    changes.
    """
    wanted = list(dict.fromkeys(versions))
    found = {version: sys.version for version in wanted if version == _CURRENT}
    pending = [version for version in wanted if version not in found]
    if not pending:
        return found
    with ThreadPoolExecutor(len(pending)) as pool:
        known = _read(memory)
        answers = dict(zip(pending, pool.map(lambda version: _ask(version, environ, known), pending), strict=True))
    learned = {key: value for asked in answers.values() for key, value in asked.items()}
    if learned != {key: known.get(key) for key in learned}:
        with suppress(OSError):
            memory.parent.mkdir(parents=True, exist_ok=True)
            memory.write_text(json.dumps(known | learned, indent=1), encoding="utf-8")
    for version, asked in answers.items():
        full = next((answer for answer in asked.values() if answer), None)
        if full:
            found[version] = full
    return found


def _ask(version: str, environ: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """The answers of ``python<version>`` on the PATH, up to the first one that runs; an empty answer is a failure."""
    asked: dict[str, str] = {}
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        program = Path(folder or ".", f"python{version}")
        with suppress(OSError, EcluseError):
            key = f"{program} {program.stat().st_mtime_ns} {pyenv_choice(environ)}"
            if key in known:
                asked[key] = known[key]
            else:
                argv = (program, "-I", "-c", "import sys; print(sys.version.replace('\\n', ' '))")
                done = process.read(argv, env=environ, timeout=10, check=False)
                asked[key] = done.text.strip() if done.ok else ""
            if asked[key]:
                break
    return asked


def pyenv_choice(environ: Mapping[str, str]) -> str:
    """The settings that decide which version a shim of pyenv runs, or whether it runs at all."""
    chosen = environ.get("PYENV_VERSION", "")
    root = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/"), ".pyenv"))
    for file in (Path.cwd() / ".python-version", root / "version"):
        with suppress(OSError):
            chosen += f",{file.stat().st_mtime_ns}"
    return chosen


def _read(memory: Path) -> dict[str, str]:
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def installed(environ: Mapping[str, str]) -> dict[str, Path]:
    """The interpreters of this machine that run, 3.11 and newer, by version (``3.13``): the PATH's, then pyenv's.

    A shim is followed to the interpreter that it starts, which stays what it is when pyenv's choice changes.
    """
    versions = [f"3.{minor}" for minor in range(11, 20)]
    with ThreadPoolExecutor(len(versions)) as pool:
        found = zip(versions, pool.map(lambda version: _locate(version, environ), versions), strict=True)
        programs = {version: program for version, program in found if program is not None}
    return {_CURRENT: base_python(), **programs}


def _locate(version: str, environ: Mapping[str, str]) -> Path | None:
    folders = [Path(folder or ".") for folder in environ.get("PATH", os.defpath).split(os.pathsep)]
    root = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/"), ".pyenv"))
    for folder in (*folders, *sorted(root.glob(f"versions/{version}.*/bin"), reverse=True)):
        program = folder / f"python{version}"
        if not program.is_file() or (folder.parent / "pyvenv.cfg").is_file():  # an environment is no interpreter
            continue
        with suppress(OSError, EcluseError):
            done = process.read((program, "-I", "-c", "import sys; print(sys.executable)"), env=environ, timeout=10)
            return Path(done.text.strip())
    return None
