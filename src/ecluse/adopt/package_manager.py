"""The program that installs the packages of a front end: npm, pnpm or Yarn, as the lock in Git says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

__all__ = ["PackageManager", "find"]

# The lock of each program, the one that decides where there are several first.
_LOCKS = {"package-lock.json": "npm", "pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn"}

# The pnpm that reads each older format of its lock.
_PNPM = {"5": 7, "6": 8}


@dataclass(frozen=True)
class PackageManager:
    """*steps* install the packages and build; *folder* has the lock, which is also that of a workspace's packages."""

    folder: str
    steps: tuple[tuple[str, ...], ...]


def find(top: Path, folder: str, tracked: tuple[str, ...], newest: Callable[[str], str]) -> PackageManager | None:
    """The program that installs the packages of the front end in *folder*; None where no lock is *tracked* for it.

    *newest* tells the newest version of a package of Node.js in a range (``pnpm@9``): pnpm and Yarn are npm packages,
    and a pipeline names one version of them.
    """
    for place in _places(top, folder, tracked):
        locks = [name for name in _LOCKS if str(place / name) in tracked]
        named = _package_manager(top / folder, top / place)
        lock = next((name for name in locks if named and named[0] == _LOCKS[name]), locks[0] if locks else None)
        if lock is None:
            continue
        if lock == "package-lock.json":
            return PackageManager(str(place), (("npm", "ci"), ("npm", "run", "build")))
        package, frozen = _from_lock((top / place / lock).read_text(encoding="utf-8", errors="replace"))
        version = named[1] if named and named[0] == _LOCKS[lock] else newest(package)
        program = ("npx", "--yes", f"--package={package.rpartition('@')[0]}@{version}", _LOCKS[lock])
        return PackageManager(str(place), ((*program, "install", frozen), (*program, "run", "build")))
    return None


def _places(top: Path, folder: str, tracked: tuple[str, ...]) -> Iterator[PurePosixPath]:
    """The folders whose lock is that of the front end in *folder*: itself, and those above that are workspaces."""
    yield PurePosixPath(folder)
    for place in PurePosixPath(folder).parents:
        if str(place / "pnpm-workspace.yaml") in tracked or "workspaces" in _package(top / place):
            yield place


def _package_manager(*folders: Path) -> tuple[str, str] | None:
    """The program and the version in the field ``packageManager``, as ``pnpm@9.1.0+sha512.…`` has them."""
    for folder in folders:
        found = re.match(r"(npm|pnpm|yarn)@(\d+\.\d+\.\d+)", str(_package(folder).get("packageManager", "")))
        if found:
            return found[1], found[2]
    return None


def _package(folder: Path) -> dict[str, object]:
    try:
        values = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _from_lock(text: str) -> tuple[str, str]:
    """The package that reads a lock like this *text*, and its option that leaves the lock alone.

    Sources: https://pnpm.io/installation and https://yarnpkg.com/configuration/manifest (``__metadata`` of a lock).
    """
    pnpm = re.search(r"^lockfileVersion: '?(\d+)", text, re.MULTILINE)
    if pnpm:
        return f"pnpm@{_PNPM.get(pnpm[1], 9)}", "--frozen-lockfile"
    berry = re.search(r"^__metadata:\n\s+version: (\d+)", text, re.MULTILINE)
    if berry:
        return f"@yarnpkg/cli-dist@{4 if int(berry[1]) >= 8 else 3}", "--immutable"
    return "yarn@1", "--frozen-lockfile"
