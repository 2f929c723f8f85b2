"""Building folders of a release: once for the same sources, and not at all if the tool is missing."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ecluse.definition.model import Build
from ecluse.errors import CommandError, ReleaseError
from ecluse.machine import durable, git, process

__all__ = ["ensure", "too_old"]


def ensure(
    top: Path, build: Build, stamps: Path, environ: Mapping[str, str], *, say: Callable[[str], None] = lambda line: None
) -> tuple[str, ...]:
    """The files of *build*'s output, sorted, as paths from *top*; built now unless the same sources were built before.

    Returns nothing if the tool is missing or too old, and calls *say* with the reason. *stamps* is a folder that
    remembers what was built. Raises ReleaseError if a step fails or leaves nothing.
    """
    version = _version(build, environ)
    if version is None or too_old(version, build.version):
        found = f"version {version} is installed" if version else f"{build.tool} is not installed"
        say(f"skipping {build.output}: it needs {build.tool} {build.version} or newer; {found}")
        return ()
    key = _key(top, build, version)
    stamp = stamps / hashlib.sha256(build.output.encode()).hexdigest()[:12]
    if not (top / build.output).is_dir() or not stamp.is_file() or stamp.read_text(encoding="ascii").strip() != key:
        say(f"building {build.output}")
        # Before anything changes: if a step fails, what it leaves is of no sources at all.
        stamp.unlink(missing_ok=True)
        for step in build.steps:
            try:
                process.run(step, cwd=top / build.folder, env=environ)
            except CommandError as error:
                raise ReleaseError(
                    f"{build.output} cannot be built: {error}", where="pipeline.py: release", hint=f"cd {build.folder}"
                ) from None
        stamps.mkdir(parents=True, exist_ok=True)
        durable.write(stamp, key + "\n")
    made = tuple(_below(top, top / build.output))
    if not made:
        raise ReleaseError(f"its steps leave nothing in {build.output}", where="pipeline.py: release")
    return made


def too_old(version: str, least: str) -> bool:
    """Whether *version* is older than *least*; both as ``22.22``, with any number of parts."""
    return _numbers(version) < _numbers(least)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _version(build: Build, environ: Mapping[str, str]) -> str | None:
    program = shutil.which(build.tool, path=environ.get("PATH"))
    if program is None:
        return None
    found = re.search(r"\d+(\.\d+)*", process.read((program, "--version"), env=environ, check=False).text)
    return found[0] if found else None


def _key(top: Path, build: Build, version: str) -> str:
    identity = hashlib.sha256(repr((build.steps, version)).encode())
    for name in sorted(set(_sources(top, build))):
        identity.update(os.fsencode(f"\0{name}\0{hashlib.sha256((top / name).read_bytes()).hexdigest()}"))
    return identity.hexdigest()


def _sources(top: Path, build: Build) -> Iterator[str]:
    """The files that decide the result of the build: tracked by git, or new and not ignored."""
    yield from (name for name in git.known_files(top, build.folder, *build.sources) if (top / name).is_file())


def _below(top: Path, folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(top))
