"""Building folders of a release: once for the same sources, with the tool of this machine or that of a lock."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecluse.definition.model import Build
from ecluse.errors import CommandError, ReleaseError
from ecluse.machine import durable, git, process, virtualenv
from ecluse.services.paths import cache_folder

__all__ = ["Built", "ensure", "too_old", "with_tool"]


@dataclass(frozen=True)
class Built:
    """The *files* of a build, sorted, as paths from the repository's top; or the reason why it is *skipped*."""

    files: tuple[str, ...] = ()
    skipped: str | None = None


def ensure(
    top: Path, build: Build, stamps: Path, environ: Mapping[str, str], *, say: Callable[[str], None] = lambda line: None
) -> Built:
    """The files of *build*'s output, built now unless the same sources were built before.

    It is skipped if the tool is missing or too old and there is no lock of it; *say* hears the reason too. *stamps* is
    a folder that remembers what was built. Raises ReleaseError if a step fails or leaves nothing, or if the tool cannot
    be installed.
    """
    lock = top / build.lock if build.lock else None
    try:
        environ, version = with_tool(build.tool, build.version, lock, environ, say=say)
    except CommandError as error:
        raise ReleaseError(
            f"{build.output} cannot be built: {build.tool} cannot be installed from {build.lock}: {error}",
            where="pipeline.py: release",
            hint=f"install {build.tool} {build.version} or newer on this machine",
        ) from None
    if version is None or too_old(version, build.version):
        found = f"version {version} is installed" if version else f"{build.tool} is not installed"
        reason = f"{build.output}: it needs {build.tool} {build.version} or newer; {found}"
        say(f"skipping {reason}")
        return Built(skipped=reason)
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
    return Built(made)


def with_tool(
    tool: str,
    least: str,
    lock: Path | None,
    environ: Mapping[str, str],
    *,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[Mapping[str, str], str | None]:
    """*environ* whose PATH has *tool*, and its version: this machine's, or the one of *lock*, requirements with
    hashes, where the machine has none or one older than *least*. Raises CommandError where that cannot be installed.
    """
    version = _version(tool, environ)
    if lock is None or (version is not None and not too_old(version, least)):
        return environ, version
    environments = cache_folder(environ) / "venvs"
    if not (environments / virtualenv.key(lock.read_bytes())).is_dir():
        say(f"installing {tool} from {lock.name}")
    programs = virtualenv.ensure(environments, lock, environ) / "bin"
    found = {**environ, "PATH": os.pathsep.join((str(programs), environ.get("PATH", os.defpath)))}
    return found, _version(tool, found)


def too_old(version: str, least: str) -> bool:
    """Whether *version* is older than *least*; both as ``22.22``, with any number of parts."""
    return _numbers(version) < _numbers(least)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _version(tool: str, environ: Mapping[str, str]) -> str | None:
    program = shutil.which(tool, path=environ.get("PATH"))
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
