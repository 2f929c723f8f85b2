"""A project's front end: a package.json with a script ``build``, and the folders that it makes, found by running it."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ecluse.adopt import locking, package_manager
from ecluse.errors import AdoptError, CommandError
from ecluse.machine import process
from ecluse.release.build import with_tool

__all__ = ["Frontend", "NODE_LOCK", "find", "folders", "is_served", "least_node", "outputs", "reason"]

NODE_LOCK = "requirements/ecluse-node.txt"

# Node.js that a project gets which asks for none.
_LEAST = "18"

# Lines of npm that say nothing about a failure.
_ASIDE = r"npm notice|npm error (code|A complete log)"

# Seconds for the packages of a front end and its build.
_PATIENCE = 900.0


@dataclass(frozen=True, kw_only=True)
class Frontend:
    """A front end in *folder*, built by *steps* with Node.js *node* or newer. *outputs* are the folders that its build
    makes; *sources* decide its content beside *folder*; *lock* has Node.js for machines without it. *notes* are about
    front ends that are not built.
    """

    folder: str = ""
    node: str = _LEAST
    lock: str = ""
    steps: tuple[tuple[str, ...], ...] = ()
    sources: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find(
    top: Path,
    tracked: tuple[str, ...],
    serves: Callable[[str], bool],
    environ: Mapping[str, str],
    say: Callable[[str], None],
) -> Frontend:
    """The front end of the repository at *top*, built once in a copy, of which the site *serves* a folder. Without
    outputs, where there is none.
    """
    notes: list[str] = []
    for folder, package in folders(top, tracked):
        node = least_node(top / folder, package)
        try:
            lock = locking.node(node, environ)
            with _tools(node, lock, environ) as variables:
                manager = package_manager.find(top, folder, tracked, lambda package: _newest(package, variables))
                if manager is None:
                    notes.append(
                        f"the front end in {folder} is not built: npm, pnpm and Yarn have no lock for it in git"
                    )
                    continue
                say(f"building the front end in {folder}")
                made = _built(top, tracked, folder, manager.steps, variables)
        except (AdoptError, CommandError) as error:
            notes.append(f"the front end in {folder} is not built: {reason(error.what)}")
            continue
        served = tuple(output for output in made if serves(output))
        if served:
            sources = (manager.folder,) if manager.folder != folder else ()
            return Frontend(
                folder=folder,
                node=node,
                lock=lock,
                steps=manager.steps,
                sources=sources,
                outputs=served,
                notes=tuple(notes),
            )
        why = f"no setting of Django leads to {', '.join(made)}" if made else "its build makes no folder that git lacks"
        notes.append(f"the front end in {folder} is not built in a release: {why}")
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


@contextmanager
def _tools(node: str, lock: str, environ: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """*environ* with a Node.js, *node* or newer, on its PATH."""
    with tempfile.TemporaryDirectory(prefix="ecluse-node-") as scratch:
        Path(scratch, "node.txt").write_text(lock, encoding="utf-8")
        yield with_tool("node", node, Path(scratch, "node.txt"), environ)[0]


def _newest(package: str, environ: Mapping[str, str]) -> str:
    """The newest version of *package* (``pnpm@9``) in the registry of npm."""
    argv = ("npm", "view", package, "version", "--json")
    with tempfile.TemporaryDirectory(prefix="ecluse-npm-") as scratch:  # away from a package.json that forbids npm
        versions = json.loads(process.read(argv, cwd=Path(scratch), env=environ, timeout=_PATIENCE).text)
    return str(versions[-1] if isinstance(versions, list) else versions)


def _built(
    top: Path, tracked: tuple[str, ...], folder: str, steps: tuple[tuple[str, ...], ...], environ: Mapping[str, str]
) -> tuple[str, ...]:
    """The folders that the build makes in a copy of the *tracked* files."""
    with tempfile.TemporaryDirectory(prefix="ecluse-frontend-") as scratch:
        copy = Path(scratch, top.name)
        for name in tracked:
            if (top / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(top / name, copy / name)
        for step in steps:
            process.run(step, cwd=copy / folder, env=environ, timeout=_PATIENCE)
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


def is_served(output: str, project: str, folders: Iterable[str], modules: Iterable[str]) -> bool:
    """Whether a site whose manage.py is in the folder *project* serves the folder *output*: a path of its settings, one
    of *folders*, leads there, or it is a folder for static files or templates in a package that has loaded *modules*.
    """
    made, above = PurePosixPath(output), {PurePosixPath(project), *PurePosixPath(project).parents}
    packages = {PurePosixPath(name).parent for name in modules}
    for path in (PurePosixPath(folder) for folder in folders):
        if path not in above and (path == made or made in path.parents or path in made.parents):
            return True
    inside = [path for path in (made, *made.parents) if path.name in ("static", "templates")]
    return any(path.parent in packages for path in inside)


def reason(output: str) -> str:
    """The line of a failed build's *output* with the error of npm, pnpm, Yarn or Node.js, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and not re.search(_ASIDE, line)]
    for sign in (r"\bERR_[A-Z]", r"^\w*Error\b", r"^(npm )?error\b"):
        found = next((line for line in lines if re.search(sign, line)), None)
        if found:
            return found
    return lines[-1] if lines else ""
