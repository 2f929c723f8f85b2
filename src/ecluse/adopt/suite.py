"""How a project's tests are run: as its own configuration says, else by Django's command."""

from __future__ import annotations

import configparser
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ecluse.adopt.toml import table

__all__ = ["Suite", "find"]

# Files that a project's people and providers run its tests from.
_PLACES = (
    ".github/workflows/*.y*ml",
    ".gitlab-ci.yml",
    ".travis.yml",
    "tox.ini",
    "Makefile",
    "justfile",
    "package.json",
    "[Rr][Ee][Aa][Dd][Mm][Ee]*",
)

# Options of Django's test command that say how much is run or where: the others are for somebody's own machine.
_KEPT = re.compile(r"^(--settings=|--tag=|--exclude-tag=|--pattern=|--parallel|--top-level-directory=|-k$|-p$)")


@dataclass(frozen=True)
class Suite:
    """*command* runs the tests in the project's folder; *source* is the file that says so; *settings* are for tests
    alone, where the project has such."""

    command: tuple[str, ...]
    source: str
    settings: str = ""

    @property
    def is_pytest(self) -> bool:
        return self.command[0] == "pytest"


def find(top: Path, folder: str, packages: frozenset[str]) -> Suite:
    """The way to run the tests of the project in *folder*; *packages* are the names in its lock."""
    configured = next(_pytest(top, folder), None)
    if configured and {"pytest", "pytest-django"} <= packages:
        source, settings = configured
        return Suite(("pytest",), source, settings)
    for source, arguments in _commands(top, folder):
        settings = next((word.partition("=")[2] for word in arguments if word.startswith("--settings=")), "")
        return Suite(("python", "manage.py", "test", *arguments), source, settings)
    if "pytest-django" in packages and (top / folder / "conftest.py").is_file():
        return Suite(("pytest",), "conftest.py")
    return Suite(("python", "manage.py", "test"), "manage.py")


def _pytest(top: Path, folder: str) -> Iterator[tuple[str, str]]:
    """The files that configure pytest, and the settings module that each names."""
    for where in dict.fromkeys((top / folder, top)):
        for name, section in (("pytest.ini", "pytest"), ("setup.cfg", "tool:pytest"), ("tox.ini", "pytest")):
            parser = configparser.ConfigParser(interpolation=None, strict=False)
            try:
                parser.read(where / name, encoding="utf-8")
            except (configparser.Error, UnicodeDecodeError):
                continue
            if parser.has_section(section):
                yield _from(top, where / name), parser.get(section, "DJANGO_SETTINGS_MODULE", fallback="")
        try:
            values = tomllib.loads((where / "pyproject.toml").read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
        if "ini_options" in table(values, "tool", "pytest"):
            options = table(values, "tool", "pytest", "ini_options")
            yield _from(top, where / "pyproject.toml"), str(options.get("DJANGO_SETTINGS_MODULE", ""))


def _commands(top: Path, folder: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for where in dict.fromkeys((top, top / folder)):
        for pattern in _PLACES:
            for path in sorted(where.glob(pattern)):
                text = path.read_text(encoding="utf-8", errors="replace")
                for found in re.finditer(r"manage\.py test\b([^\n;&|`\"'#)]*)", text):
                    yield _from(top, path), _arguments(found[1], top / folder)


def _arguments(text: str, folder: Path) -> tuple[str, ...]:
    """The arguments of a test command that choose what is run: labels that exist, settings, tags."""
    try:
        words = shlex.split(text.replace("\\", " "))
    except ValueError:
        return ()
    kept = []
    for index, word in enumerate(words):
        if _KEPT.match(word):
            kept.append(word)
        elif index and words[index - 1] in ("-k", "-p"):
            kept.append(word)
        elif word == "--settings" and index + 1 < len(words):
            kept.append(f"--settings={words[index + 1]}")
        elif index and words[index - 1] == "--settings":
            continue
        elif re.fullmatch(r"[a-zA-Z_][\w.]*", word) and (folder / word.split(".")[0]).exists():
            kept.append(word)
    return tuple(dict.fromkeys(kept))


def _from(top: Path, path: Path) -> str:
    return path.relative_to(top).as_posix()
