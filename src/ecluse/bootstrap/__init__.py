"""Écluse in a repository: the script ``./ecluse`` and the lock that it installs from.

The script is the same everywhere; this package has its only copy. :func:`write` is what ``ecluse bootstrap`` calls.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

import ecluse
from ecluse.errors import RepositoryError
from ecluse.machine import durable, process
from ecluse.machine.tools import tool

__all__ = ["LOCK", "SCRIPT", "VENDOR", "write"]

SCRIPT = "ecluse"
LOCK = "requirements/ecluse.txt"
VENDOR = "requirements/vendor"


def write(
    top: Path, environ: Mapping[str, str], *, wheel: Path | None = None, extras: tuple[str, ...] = ("containers",)
) -> tuple[str, ...]:
    """Write the script and the lock of this Écluse with *extras* into the repository at *top*; return their paths.

    *wheel* is what to install; without one, it is the wheel that this Écluse was installed from, one built of its
    source tree, or this version from the package index. A wheel is copied into ``requirements/vendor``.

    Raises CommandError where the index does not answer or a wheel cannot be built.
    """
    (top / LOCK).parent.mkdir(parents=True, exist_ok=True)
    kept = _keep(wheel or _own_wheel(), top / VENDOR, environ)
    _lock(top, kept, extras, environ)
    durable.write(top / SCRIPT, Path(__file__).with_name("ecluse.sh").read_bytes(), mode=0o755)
    return (SCRIPT, LOCK, *([kept.relative_to(top).as_posix()] if kept else []))


def _own_wheel() -> Path | None:
    """The wheel that this Écluse was installed from: pip, pipx and uv note it where it was not an index."""
    try:
        noted = distribution("ecluse").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    url = urlsplit(json.loads(noted)["url"]) if noted else None
    if url is None or url.scheme != "file" or not url.path.endswith(".whl"):
        return None
    wheel = Path(unquote(url.path))
    if not wheel.is_file():
        raise RepositoryError(
            f"this Écluse was installed from {wheel}, which is gone",
            hint="name a wheel of it: ecluse bootstrap --wheel",
        )
    return wheel


def _keep(wheel: Path | None, vendor: Path, environ: Mapping[str, str]) -> Path | None:
    """Copy *wheel* into *vendor*, as Écluse's only wheel there; returns None if the index has the installed version."""
    scratch = vendor.with_name(".vendor.new")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        tree = Path(ecluse.__file__).parents[2]
        if wheel is not None:
            scratch.mkdir()
            shutil.copy(wheel, scratch)
        elif (tree / "src" / "ecluse").is_dir() and (tree / "pyproject.toml").is_file():
            process.run((*tool("uv", "build", "--quiet", "--wheel", "--out-dir"), scratch, tree), env=environ)
        for old in vendor.glob("ecluse-*.whl"):
            old.unlink()
        made = next(scratch.glob("ecluse-*.whl"), None)
        if made is None:
            return None
        vendor.mkdir(exist_ok=True)
        return made.rename(vendor / made.name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _lock(top: Path, wheel: Path | None, extras: tuple[str, ...], environ: Mapping[str, str]) -> None:
    version = wheel.name.split("-")[1] if wheel else ecluse.__version__
    wanted = f"ecluse[{','.join(extras)}]=={version}"
    argv = tool("uv", "pip", "compile", "-", "--universal", "--generate-hashes", "--quiet", "--python-version", "3.11")
    options = ["--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "ecluse bootstrap"]
    if wheel is not None:
        options += ["--find-links", VENDOR]
    process.run((*argv, *options, "--output-file", LOCK), cwd=top, env=environ, input=wanted + "\n")
    if wheel is not None:
        # Whatever an index has under that name and version: what is installed is this wheel.
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        text = (top / LOCK).read_text(encoding="utf-8")
        entry = rf"\1 \\\n    --hash=sha256:{digest}"
        durable.write(top / LOCK, re.sub(r"(?m)^(ecluse\S*)(?: \\\n +--hash=\S+)+", entry, text))
