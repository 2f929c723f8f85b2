"""Virtual environments from a lock file, named by everything that decides their content, and made once."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ecluse.errors import MachineError
from ecluse.machine import process
from ecluse.machine.tools import tool

__all__ = ["base_python", "ensure", "key", "version"]


def version() -> str:
    """The Python that virtual environments are made with, as ``cpython-3.13``."""
    return f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"


def base_python() -> Path:
    """The interpreter behind the running one: it outlives any virtual environment made from it."""
    named = Path(sys.base_exec_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    return named if named.is_file() else Path(os.path.realpath(sys.executable))


def key(lock: bytes, python: Path | None = None) -> str:
    """The name of the environment that *lock* makes with *python*; without one, with the Python that runs."""
    made_with = str(python) if python else f"{version()} {base_python()}"
    return hashlib.sha256(f"{made_with}\n".encode() + lock).hexdigest()[:16]


def ensure(
    folder: Path,
    lock: Path,
    environ: Mapping[str, str],
    *,
    python: Path | None = None,
    compile_bytecode: bool = False,
) -> Path:
    """The virtual environment of *lock* in *folder*, made with uv if it does not exist. Returns its top folder.

    It is made with the interpreter *python*; by default with the Python that runs. It appears complete or not at all,
    even if two processes make it at once. With *compile_bytecode* nothing is left to compile when a process starts.
    Raises CommandError if a package cannot be installed, MachineError where no program could be found in *folder*.
    """
    if os.pathsep in str(folder):
        raise MachineError(
            f"the path of this folder has a {os.pathsep!r} in it, which stands between two folders in PATH",
            where=str(folder),
            hint="work in a folder without it",
        )
    made = folder / key(lock.read_bytes(), python)
    if made.is_dir():
        return made
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="making.", dir=folder))
    uv = tool("uv", "--quiet", "--no-progress")
    # What is installed is what the lock says, with the Python that is here: uv fetches no interpreter of its own.
    variables = {**environ, "UV_PYTHON_DOWNLOADS": "never"}
    variables.pop("VIRTUAL_ENV", None)
    install = ["pip", "install", "--python", str(scratch / "bin" / "python"), "--require-hashes", "--no-deps"]
    try:
        process.run(
            (*uv, "venv", "--relocatable", "--allow-existing", "--python", python or base_python(), scratch),
            env=variables,
        )
        compiled = ["--compile-bytecode"] if compile_bytecode else []
        process.run((*uv, *install, *compiled, "-r", lock), env=variables)
        scratch.chmod(0o755)
        try:
            scratch.rename(made)
        except OSError:
            if not made.is_dir():  # else another process made the same at the same time: its one serves as well
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return made
