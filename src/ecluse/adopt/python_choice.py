"""The Python that a project asks for, and the interpreters of this machine in the order to try them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ecluse.adopt.toml import table

__all__ = ["CONDA_FILES", "Wish", "fits", "from_poetry", "in_order", "is_nearest", "missing", "wish"]

CONDA_FILES = ("environment.yml", "environment.yaml", "env*.yml", "env*.yaml")
"""The files of conda's environments. The name is often another, or misspelt: those after the usual ones."""

# The Pythons that each Django supports: https://docs.djangoproject.com/en/dev/faq/install/
_LAST_OF_DJANGO = {
    (1, 11): (3, 7),
    (2, 0): (3, 7),
    (2, 1): (3, 7),
    (2, 2): (3, 9),
    (3, 0): (3, 9),
    (3, 1): (3, 9),
    (3, 2): (3, 10),
    (4, 0): (3, 10),
    (4, 1): (3, 11),
    (4, 2): (3, 12),
    (5, 0): (3, 12),
    (5, 1): (3, 13),
    (5, 2): (3, 14),
}


@dataclass(frozen=True)
class Wish:
    """A range of versions (``>=3.11,<3.13``) and the *source* that asks for it; no range where nothing does."""

    range: SpecifierSet
    source: str = ""


def wish(top: Path, folder: str) -> Wish:
    """The Python that the project in *folder* asks for, by the file that says it most exactly."""
    for where in dict.fromkeys((top / folder, top)):
        for name, read in _READERS.items():
            for path in sorted(path for path in where.glob(name) if path.is_file()):
                try:
                    found = read(path.read_text(encoding="utf-8", errors="replace"))
                    if found:
                        return Wish(SpecifierSet(found), path.relative_to(top).as_posix())
                except (InvalidSpecifier, ValueError, KeyError, TypeError):
                    continue
    return Wish(SpecifierSet())


def in_order(wanted: Wish, installed: Mapping[str, Path], django: str | None) -> tuple[str, ...]:
    """The versions of *installed* (``3.12``) to try for a project, the best first.

    First what the project asks for, newest first; then what its *django* supports; then the oldest of the others,
    which is the nearest to an older project.
    """
    versions = sorted(installed, key=_numbers, reverse=True)
    asked = [version for version in versions if wanted.source and _fits(version, wanted.range)]
    last = _last_for(django)
    supported = [version for version in versions if last is None or _numbers(version) <= last]
    return tuple(dict.fromkeys([*asked, *supported, *reversed(versions)]))


def missing(wanted: Wish, installed: Mapping[str, Path], django: str | None) -> str | None:
    """The reason why no interpreter of *installed* is one that the project runs on; None where one may be."""
    here = ", ".join(sorted(installed, key=_numbers))
    if wanted.source and not any(_fits(version, wanted.range) for version in installed):
        return f"it asks for Python {wanted.range} ({wanted.source}), and this machine has {here}"
    last = _last_for(django)
    if last is not None and _are_newer(installed, last):
        return f"Django {django} runs on Python {'.'.join(map(str, last))} and older, and this machine has {here}"
    return None


def is_nearest(version: str, installed: Collection[str], django: str | None) -> bool:
    """Whether *version* is the oldest of *installed*, and all are newer than what the version *django* runs on: the
    others are further away still.
    """
    last = _last_for(django)
    return last is not None and _are_newer(installed, last) and version == min(installed, key=_numbers)


def _are_newer(installed: Iterable[str], last: tuple[int, ...]) -> bool:
    return not any(_numbers(version) <= last for version in installed)


def fits(version: str, wanted: Wish) -> bool:
    """Whether *version* (``3.12``) is one that the project asks for."""
    return not wanted.source or _fits(version, wanted.range)


def _fits(version: str, range: SpecifierSet) -> bool:
    # ``>=3.11.4`` is met by some 3.11 of this machine: which one it is, the interpreter's own patch version decides.
    return any(range.contains(f"{version}.{patch}", prereleases=True) for patch in (0, 7, 99))


def _last_for(django: str | None) -> tuple[int, ...] | None:
    if django is None:
        return None
    series = _numbers(django)[:2]
    return (3, 6) if series < (1, 11) else _LAST_OF_DJANGO.get((series[0], series[1]) if len(series) > 1 else (0, 0))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _minor(version: str) -> str | None:
    found = re.search(r"3\.\d+", version)
    return f"=={found[0]}.*" if found else None


def _requires_python(text: str) -> str | None:
    values = tomllib.loads(text)
    project = table(values, "project").get("requires-python")
    if project:
        return str(project)
    poetry = table(values, "tool", "poetry", "dependencies").get("python")
    return from_poetry(str(poetry)) if poetry and poetry != "*" else None


def from_poetry(text: str) -> str:
    """Poetry's way to write a range (``^3.11``, ``~3.11``, ``3.11.*``) as the standard's."""
    return ",".join(part for piece in text.split(",") for part in _from_poetry(piece.strip()))


def _from_poetry(piece: str) -> Iterator[str]:
    if piece.startswith(("^", "~")) and not piece.startswith("~="):
        numbers = list(_numbers(piece))
        at = next((index for index, number in enumerate(numbers) if number), 0) if piece[0] == "^" else 0
        if piece[0] == "~":
            at = min(1, len(numbers) - 1)
        upper = [*numbers[:at], numbers[at] + 1]
        yield f">={'.'.join(map(str, numbers))}"
        yield f"<{'.'.join(map(str, upper))}"
    elif piece and piece[0].isdigit():
        yield f"=={piece}"
    elif piece and piece != "*":
        yield piece


def _pipfile(text: str) -> str | None:
    requires = table(tomllib.loads(text), "requires")
    return _minor(str(requires.get("python_version") or requires.get("python_full_version") or ""))


def _dockerfile(text: str) -> str | None:
    found = re.search(r"^FROM\s+(?:--\S+\s+)?\S*python:(3\.\d+)", text, re.MULTILINE | re.IGNORECASE)
    return _minor(found[1]) if found else None


def _environment(text: str) -> str | None:
    found = re.search(r"^\s*- *(?:\S+::)?python *=+ *(3\.\d+)", text, re.MULTILINE)
    return _minor(found[1]) if found else None


_READERS: Mapping[str, Callable[[str], str | None]] = {
    ".python-version": _minor,
    "pyproject.toml": _requires_python,
    "Pipfile": _pipfile,
    "runtime.txt": _minor,
    "Dockerfile": _dockerfile,
    **dict.fromkeys(CONDA_FILES, _environment),
}
