"""The surroundings that decide a job's outcome besides its files: tools, programs on the PATH, Pythons, variables of
the caller.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shlex
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import ecluse
from ecluse.errors import RepositoryError
from ecluse.machine import interpreters
from ecluse.run.inputs import Inputs
from ecluse.services.kinds import KINDS

__all__ = ["PACKAGE", "check_heard", "programs", "tools", "variables"]

PACKAGE = Path(ecluse.__file__).parent
"""The folder of ecluse's own code."""

_TOOLS = ("tox", "tox-uv", "uv")

# What services, Django, Python, pytest, tox and their like are told by the caller's environment.
_DECIDING = re.compile(
    r"(CI|GITHUB_ACTIONS|TRAVIS|GITLAB_CI|LANG|LANGUAGE|TZ)"
    r"|(ECLUSE_POSTGRES|PG|LC_|DJANGO_|PYTHON|PYTEST_|TOX_|UV_|PIP_|PYENV_|COVERAGE_|NODE_|NPM_CONFIG_)\w*",
    re.IGNORECASE,
)
_ADDRESSES = frozenset(kind.variable for kind in KINDS.values())
# Ours, and where uv keeps files: other places for the same.
_IRRELEVANT = frozenset({"PYENV_SHELL", "PYENV_HOOK_PATH", "PYENV_DIR", "UV_CACHE_DIR", "PIP_CACHE_DIR", "UV"})

# Files that tell a tool which variables to pass on to tests.
_CONFIGURATION = ("tox.ini", "tox.toml", "pyproject.toml", "setup.cfg", "pytest.ini", "noxfile.py")
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}\*?")
# As a shell names them, in any case.
_EXPANDED = re.compile(r"\$[{(]?([A-Za-z_]\w*)")
# Of a script, what every program reads, and what is another one in each shell.
_EVERYWHERE = frozenset({"_", "COLUMNS", "HOME", "LINES", "OLDPWD", "PATH", "PWD", "SHLVL", "TMPDIR"})
_LARGE = 1_000_000

# What gives Python another search path, or no environment, takes away what would hear it. Before the option of env that
# does so may stand others, two of them with a word of their own.
_UNHEARD = re.compile(
    r"(?<![\w-])(PYTHONPATH=(?!\S*\$\{?PYTHONPATH\b)|(?:unset|export\s+-n)\s+(?:[\w-]+\s+)*?PYTHONPATH\b"
    r"|(?<!kubectl )exec\s+-[al]*c\S*\s"
    r"|env\s+(?:(?:-[uC]|--unset|--chdir)\s+[^-\s]\S*\s+|-\S+\s+)*?"
    r"(?:-|-[0v]*i\S*|--ignore-environment|(?:-[0iv]*u\s*|--unset[=\s]\s*)PYTHONPATH)\s)"
)

# The first line of a script for a shell.
_SHELLS = re.compile(r"#!.*\b(?:ba|da|k|z|a)?sh\b")

_WORD = re.compile(r"[\w./+-]+")
# A shell's ~ and $NAME where they begin a path, and the PATH that a line sets.
_FOLDER = re.compile(r"(?:(?<![^\s=:'\"])~|\$\{?([A-Za-z_]\w*)\}?)(?=/)")
_SET_PATH = re.compile(r"(?<!\w)PATH=[\"']?([^\s\"';&|]+)")
_PATH = re.compile(r"\$\{?PATH\b\}?")
_PYTHON = re.compile(r"python3?(\.\d+t?)?|pypy3?(\.\d+)?")


def tools(inputs: Inputs) -> dict[str, str]:
    """The versions of the tools that every job uses; of ecluse itself, a hash of its code."""
    return {
        "ecluse": _own(inputs),
        **{name: _version(name) for name in _TOOLS},
        "platform": platform.platform(),
        "user": str(os.geteuid()),
    }


def check_heard(commands: Iterable[Iterable[str]]) -> None:
    """Raises RepositoryError where a command takes from its Pythons what would tell what they read."""
    for command in commands:
        if found := _UNHEARD.search(" ".join(command) + " "):
            raise RepositoryError(
                f"a command has {found[1].strip()!r}, so what its Pythons read is not known",
                hint="set PYTHONPATH in the env of the step or the job",
            )


def programs(
    commands: Iterable[Iterable[str]],
    paths: Sequence[str],
    environ: Mapping[str, str],
    inputs: Inputs,
    known: Collection[str],
) -> dict[str, str]:
    """A hash of each program that *commands* name, and of each Python on the first of *paths*, which are values of
    PATH. *known* are the files of git.

    A word of a shell's line may be a program's name too, so every word is looked for, also on a PATH that the line
    sets. What a program starts by itself is not known here.
    """
    lines = [_expanded(argument, environ) for command in commands for argument in command]
    set_here = [_PATH.sub(lambda _: paths[0], value) for line in lines for value in _SET_PATH.findall(line)]
    # A program's folder is the top of the repository.
    path, *others = dict.fromkeys(
        os.pathsep.join(os.path.join(inputs.top, folder) for folder in one.split(os.pathsep))
        for one in (*paths, *set_here)
    )
    found: dict[str, str] = {}
    for name in sorted({word for line in lines for word in _words(line)}):
        # A script of the repository need not be executable: sh scripts/test.sh
        place = str(inputs.top / name) if "/" in name else name
        file = place if os.path.normpath(name) in known else shutil.which(place, path=path)
        if file:
            _add(found, name, inputs.top / file, inputs)
        for other in others:
            more = shutil.which(place, path=other)
            if more and more != file:
                _add(found, more, Path(more), inputs)
    for name, python in _pythons(path):
        _add(found, name, python, inputs)
    managed = Path(environ.get("UV_PYTHON_INSTALL_DIR") or Path(environ.get("HOME", "/"), ".local/share/uv/python"))
    if managed.is_dir():
        found["uv's Pythons"] = " ".join(sorted(entry.name for entry in managed.iterdir() if entry.name[0] != "."))
    if choice := interpreters.pyenv_choice(environ).strip(","):
        found["pyenv's Python"] = choice
    return found


def variables(commands: Iterable[Iterable[str]], environ: Mapping[str, str], top: Path) -> dict[str, str]:
    """The variables of the caller that can decide an outcome: tools read them, or the repository names them."""
    arguments = [argument for command in commands for argument in command]
    words = {word for argument in arguments for word in _WORD.findall(argument)}
    named = _named(" ".join(arguments), _VARIABLE, _EXPANDED)
    for folder in {top, *(top / word for word in words if (top / word).is_dir())}:  # make -C app, tox -c app
        for file in _CONFIGURATION:
            named |= _named(_text(folder / file), _VARIABLE)
        for file in _MAKEFILES:
            named |= _named(_text(folder / file), _VARIABLE, _EXPANDED)
    for word in words:
        script = _text(top / word)
        if word.endswith(".sh") or _SHELLS.match(script):
            named |= _named(script, _EXPANDED) - _EVERYWHERE
    beginnings = tuple(name[:-1] for name in named if name.endswith("*") and not name.startswith("ECLUSE_"))
    return {
        name: value
        for name, value in environ.items()
        if name not in _IRRELEVANT
        and (
            _DECIDING.fullmatch(name)
            or name in _ADDRESSES
            or name in named
            or (beginnings and name.startswith(beginnings))
        )
    }


def _named(text: str, *likes: re.Pattern[str]) -> set[str]:
    return {name for like in likes for name in like.findall(text)}


def _text(file: Path) -> str:
    """The content of *file*; empty where there is none, or one so large that nobody has written it."""
    try:
        if not file.is_file() or file.stat().st_size > _LARGE:
            return ""
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _words(line: str) -> set[str]:
    """The words of a *line* that may name a program: as a shell would part them, and without what is around a path."""
    words = {line, *_WORD.findall(line)}
    with suppress(ValueError):  # no line of a shell
        parts = shlex.shlex(line, posix=True, punctuation_chars=True)
        parts.whitespace_split = True
        words |= {*parts}
    return words - {""}


def _expanded(line: str, environ: Mapping[str, str]) -> str:
    """The *line* with the folders that a shell would put in it: ``~/`` and ``$NAME/``."""
    return _FOLDER.sub(lambda found: environ.get(found[1] or "HOME", found[0]), line)


def _add(found: dict[str, str], name: str, file: Path, inputs: Inputs) -> None:
    try:
        digest = inputs.content(file)
    except RepositoryError:  # it may be executed and not be read
        status = file.stat()
        digest = f"{status.st_size} {status.st_mtime_ns}"
    if digest:
        found[name] = digest


def _pythons(path: str) -> Iterable[tuple[str, Path]]:
    seen = set()
    for folder in dict.fromkeys(path.split(os.pathsep)):
        try:
            names = sorted(name for name in os.listdir(folder or ".") if _PYTHON.fullmatch(name))
        except OSError:
            continue
        for name in names:
            if name not in seen:
                seen.add(name)
                yield name, Path(folder, name)


def _own(inputs: Inputs) -> str:
    identity = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*")):
        if "__pycache__" not in file.parts and file.is_file():
            identity.update(f"{file.relative_to(PACKAGE)} {inputs.content(file)}\0".encode())
    return identity.hexdigest()[:12]


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "none"
