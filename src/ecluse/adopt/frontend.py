"""A project's front end: a package.json with a script ``build``, and the folders that it makes, found by running it."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ecluse.adopt import locking
from ecluse.errors import AdoptError, CommandError
from ecluse.machine import process
from ecluse.release.build import with_tool

__all__ = ["Frontend", "NODE_LOCK", "find", "folders", "least_node", "outputs"]

NODE_LOCK = "requirements/ecluse-node.txt"

STEPS = (("npm", "ci"), ("npm", "run", "build"))

# Node.js that a project gets which asks for none.
_LEAST = "18"

# Seconds for the packages of a front end and its build.
_PATIENCE = 900.0


@dataclass(frozen=True, kw_only=True)
class Frontend:
    """A front end in *folder*, built by Node.js *node* or newer. *outputs* are the folders that its build makes; *lock*
    has Node.js for machines without it. *notes* are about front ends that are not built.
    """

    folder: str = ""
    node: str = _LEAST
    lock: str = ""
    outputs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find(top: Path, tracked: tuple[str, ...], environ: Mapping[str, str], say: Callable[[str], None]) -> Frontend:
    """The front end of the repository at *top*, built once in a copy. Without outputs, where there is none to build."""
    notes: list[str] = []
    for folder, package in folders(top, tracked):
        place = PurePosixPath(folder)
        if str(place / "package-lock.json") not in tracked:
            other = next((name for name in ("yarn.lock", "pnpm-lock.yaml") if str(place / name) in tracked), None)
            why = f"it has {other}, and npm is what builds here" if other else "it has no package-lock.json"
            notes.append(f"the front end in {folder} is not built: {why}")
            continue
        node = least_node(top / folder, package)
        say(f"building the front end in {folder}")
        try:
            lock = locking.node(node, environ)
            made = _built(top, tracked, folder, node, lock, environ)
        except (AdoptError, CommandError) as error:
            notes.append(f"the front end in {folder} is not built: {_reason(error.what)}")
            continue
        if made:
            return Frontend(folder=folder, node=node, lock=lock, outputs=made, notes=tuple(notes))
        notes.append(f"the front end in {folder} is not built in a release: its build makes no folder that git lacks")
    return Frontend(notes=tuple(notes))


def folders(top: Path, tracked: Iterable[str]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The folders whose package.json has a script ``build``, with its content; nearest to the top first."""
    names = [name for name in tracked if PurePosixPath(name).name == "package.json" and "node_modules" not in name]
    for name in sorted(names, key=lambda name: (name.count("/"), name)):
        try:
            package = json.loads((top / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(package, dict) and "build" in (package.get("scripts") or {}):
            yield str(PurePosixPath(name).parent), package


def least_node(folder: Path, package: Mapping[str, object]) -> str:
    """The oldest Node.js that the front end in *folder* asks for: its ``engines``, ``.nvmrc`` or ``.node-version``."""
    engines = package.get("engines")
    asked = [str(engines.get("node", ""))] if isinstance(engines, dict) else []
    for name in (".nvmrc", ".node-version"):
        if (folder / name).is_file():
            asked.append((folder / name).read_text(encoding="utf-8", errors="replace"))
    return next((found[0] for text in asked if (found := re.search(r"\d+(\.\d+){0,2}", text))), _LEAST)


def _built(
    top: Path, tracked: tuple[str, ...], folder: str, node: str, lock: str, environ: Mapping[str, str]
) -> tuple[str, ...]:
    """The folders that the build makes in a copy of the *tracked* files."""
    with tempfile.TemporaryDirectory(prefix="ecluse-frontend-") as scratch:
        copy = Path(scratch, top.name)
        for name in tracked:
            if (top / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(top / name, copy / name)
        Path(scratch, "node.txt").write_text(lock, encoding="utf-8")
        variables, _ = with_tool("node", node, Path(scratch, "node.txt"), environ)
        for step in STEPS:
            process.run(step, cwd=copy / folder, env=variables, timeout=_PATIENCE)
        return outputs(_files(copy), tracked)


def _files(top: Path) -> Iterator[str]:
    """The files below *top*, without packages of Node.js and hidden folders, which are caches."""
    for where, below, names in os.walk(top):
        below[:] = [name for name in below if name != "node_modules" and not name.startswith(".")]
        yield from (os.path.relpath(os.path.join(where, name), top) for name in names)


def outputs(after: Iterable[str], tracked: Iterable[str]) -> tuple[str, ...]:
    """The highest folders of the files *after* a build that have no file of the *tracked* ones."""
    ours = {parent for name in tracked for parent in PurePosixPath(name).parents}
    new = (PurePosixPath(name) for name in after)
    highest = (next((one for one in reversed(path.parents) if one not in ours), None) for path in new)
    return tuple(sorted({str(one) for one in highest if one is not None}))


def _reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and "npm notice" not in line]
    return next((line for line in lines if re.match(r"\w*Error\b", line)), lines[-1] if lines else "")
