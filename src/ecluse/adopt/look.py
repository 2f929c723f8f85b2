"""The findings about a repository: its project, and how it is installed, loaded, tested, brought to PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecluse.adopt import application, locking, manages, postgresql_switch, python_choice, suite, tables, variables
from ecluse.adopt.application import ASGI_SERVER, Application
from ecluse.adopt.asking import SettingsReport, Subject
from ecluse.adopt.declarations import Declaration, declarations
from ecluse.adopt.locking import Locks
from ecluse.adopt.postgresql_switch import Switch
from ecluse.adopt.suite import Suite
from ecluse.adopt.variables import Variables
from ecluse.errors import AdoptError, CommandError, EcluseError
from ecluse.machine import git, virtualenv
from ecluse.machine.interpreters import installed
from ecluse.services.paths import cache_folder

__all__ = ["Found", "Say", "look"]

Say = Callable[[str], None]

# Interpreters that are tried for one declaration before the next one's turn.
_MOST_PYTHONS = 3


@dataclass(frozen=True, kw_only=True)
class Found:
    """A project that loads: *folder* has its manage.py, *others* are the ones that were passed over.

    *python* is the version that it runs on, *wish* what asks for it; *declared* the file of its requirements.
    """

    top: Path
    folder: str
    others: tuple[str, ...]
    python: str
    wish: python_choice.Wish
    declared: str
    locks: Locks
    subject: Subject
    variables: Variables
    application: Application
    switch: Switch
    suite: Suite
    notes: tuple[str, ...] = ()

    @property
    def python_source(self) -> str:
        """The file that asks for the Python that the project runs on; empty where none does, or for another one."""
        return self.wish.source if python_choice.fits(self.python, self.wish) else ""

    @property
    def answer(self) -> SettingsReport:
        """The report of the project's settings, loaded with its variables."""
        return self.variables.answer


@dataclass(frozen=True)
class _Installed:
    """A project whose packages are installed and whose settings load."""

    python: str
    declared: str
    locks: Locks
    subject: Subject
    variables: Variables
    application: Application


def look(top: Path, environ: Mapping[str, str], say: Say) -> Found:
    """Find the project of the repository at *top*, by running it. Nothing is written into the repository.

    Raises AdoptError with the reason where there is none, or where it cannot be installed or loaded here.
    """
    folders = manages.rank(top, git.known_files(top))
    if not folders:
        raise AdoptError(
            "no manage.py of a Django project was found", where=str(top), hint="ecluse adopt runs in its repository"
        )
    refusals: list[EcluseError] = []
    for folder in folders[:3]:
        say(f"asking the project in {folder}" if folder != "." else "asking the project")
        try:
            return _look(top, folder, tuple(other for other in folders if other != folder), environ, say)
        except AdoptError as error:
            refusals.append(error)
    raise refusals[0]


def _look(top: Path, folder: str, others: tuple[str, ...], environ: Mapping[str, str], say: Say) -> Found:
    wanted = python_choice.wish(top, folder)
    ready = _install(top, folder, wanted, environ, say)
    tables.refuse_missing(ready.variables.answer)
    say("looking for its tests and its database")
    how = suite.find(top, folder, _packages(ready.locks.tests))
    found, own = _with_settings_for_tests(ready, how)
    switch = postgresql_switch.find(ready.subject, found.given, found.answer, own)
    return Found(
        top=top,
        folder=folder,
        others=others,
        python=ready.python,
        wish=wanted,
        declared=ready.declared,
        locks=ready.locks,
        subject=ready.subject,
        variables=ready.variables if not own else found,
        application=ready.application,
        switch=switch,
        suite=how,
        notes=(
            *_unmet(ready.python, wanted),
            *ready.locks.notes,
            *tables.notes(ready.variables.answer),
            *_unchecked(ready.variables.answer),
        ),
    )


def _install(top: Path, folder: str, wanted: python_choice.Wish, environ: Mapping[str, str], say: Say) -> _Installed:
    """Install what the project declares, and load its settings: with the first declaration and Python that do."""
    pythons = installed(environ)
    refusals: list[AdoptError] = []
    django: str | None = None
    for declared in declarations(top, folder):
        place = (top / declared.source).parent
        tried: set[str] = set()
        order = python_choice.in_order(wanted, pythons, None)
        while version := next((one for one in order if one not in tried), None):
            if len(tried) == _MOST_PYTHONS:
                break
            tried.add(version)
            try:
                locks = locking.lock(declared, place, pythons[version], environ, say)
                django = _version_of("django", locks.site) or django
                order = python_choice.in_order(wanted, pythons, django)
                if order[0] not in tried:
                    continue
                return _load(top, folder, declared, locks, version, pythons[version], environ, say)
            except AdoptError as error:
                refusals.append(error)
                if python_choice.is_nearest(version, pythons, django):
                    break
    if not refusals:
        raise AdoptError(
            "no file lists the dependencies: no lock, requirements, pyproject.toml or Pipfile",
            where=folder,
            hint="pip freeze > requirements.txt, in the environment that it runs in",
        )
    best = refusals[0]  # of the declaration and the Python that fit best
    reason = python_choice.missing(wanted, pythons, django)
    if reason is None:
        raise best
    hint = "; ".join(filter(None, ("install that Python, or update what the project needs", best.hint)))
    raise AdoptError(f"{reason}\n  Tried all the same: {best.what}", where=best.where, hint=hint)


def _load(
    top: Path,
    folder: str,
    declared: Declaration,
    locks: Locks,
    version: str,
    python: Path,
    environ: Mapping[str, str],
    say: Say,
) -> _Installed:
    """Install *locks* and load the settings. Packages that are found missing only then are added, once each: those of a
    module that Python once had, and the server of an ASGI application.

    The site's lock alone must load them too: settings may import packages for development whatever the environment.
    """
    beside: tuple[str, ...] = ()
    examples = variables.examples(top, folder)
    while True:
        subject = _environment(top, folder, locks.tests, python, environ, say)
        found = variables.tried(subject, examples)
        served = application.find(top, folder, found.answer, _packages(locks.site))
        missing = [name for name in _missing(found.answer, served, locks) if name not in beside]
        if not missing:
            break
        beside = (*beside, *missing)
        locks = locking.lock(declared, (top / declared.source).parent, python, environ, say, beside=beside)
    postgresql_switch.refuse_spatial(found.answer)
    if not found.answer.ok:
        raise variables.refusal(found)
    if locks.site != locks.tests:
        site = _environment(top, folder, locks.site, python, environ, say).ask(found.given)
        if not site.ok:
            note = f"the release has the packages of the tests too: its settings need them ({site.failure})"
            locks = Locks(locks.tests, locks.tests, (*locks.notes, note))
    return _Installed(version, declared.source, locks, subject, found, served)


def _missing(answer: SettingsReport, served: Application, locks: Locks) -> Iterator[str]:
    """The packages without which the project does not load, or cannot be served."""
    backport = locking.BACKPORTS.get((answer.reason.module or "") if answer.reason else "")
    if backport:
        yield backport
    elif answer.ok and served.asgi and "uvicorn" not in _packages(locks.site):
        yield from ASGI_SERVER


def _environment(top: Path, folder: str, lock: str, python: Path, environ: Mapping[str, str], say: Say) -> Subject:
    """The virtual environment of *lock*, in the cache: nothing of it is in the repository."""
    environments = cache_folder(environ) / "venvs"
    environments.mkdir(parents=True, exist_ok=True)
    text = environments / f"{virtualenv.key(lock.encode(), python)}.txt"
    text.write_text(lock, encoding="utf-8")
    say(f"installing {lock.count('==')} packages")
    try:
        made = virtualenv.ensure(environments, text, environ, python=python)
    except CommandError as error:
        raise AdoptError(_build_failure(error.what)) from None
    return Subject(top, folder, made / "bin" / "python", environ)


def _build_failure(output: str) -> str:
    """The reason why a package could not be installed, with the Debian package that its build wants."""
    package = re.search(r"Failed to (?:build|download and build) [`'\"]?([\w.-]+)(?:==([\w.]+))?", output)
    name = package[1] if package else "a package"
    wanted = next((debian for sign, debian in _BUILD_WANTS.items() if re.search(sign, output, re.IGNORECASE)), None)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    reason = f"its build wants the Debian package {wanted}" if wanted else lines[-1] if lines else ""
    return f"{name} cannot be installed: {reason}"


# Signs in the output of a build, and the Debian package that has what is missing.
_BUILD_WANTS = {
    r"pg_config": "libpq-dev",
    r"mysql_config|MySQL|mariadb": "default-libmysqlclient-dev",
    r"cairo": "libcairo2-dev",
    r"lber\.h|ldap\.h": "libldap2-dev libsasl2-dev",
    r"xmlsec": "libxmlsec1-dev",
    r"libxml|libxslt": "libxml2-dev libxslt1-dev",
    r"jpeglib|The headers or library files could not be found for jpeg": "libjpeg-dev",
    r"zlib\.h|not be found for zlib": "zlib1g-dev",
    r"ffi\.h": "libffi-dev",
    r"gdal": "libgdal-dev",
    r"magic\.h": "libmagic-dev",
    r"cargo|rustc": "cargo",
    r"cmake": "cmake",
    r"gcc|g\+\+|unable to execute": "build-essential",
}


def _with_settings_for_tests(ready: _Installed, how: Suite) -> tuple[Variables, str]:
    """The variables of the settings that the tests use, and that module where it is another than manage.py's."""
    if not how.settings or how.settings == ready.variables.answer.module:
        return ready.variables, ""
    try:
        return variables.needed(ready.subject, ready.variables.examples, how.settings), how.settings
    except AdoptError:
        return ready.variables, ""


def _unmet(python: str, wanted: python_choice.Wish) -> Iterator[str]:
    if not python_choice.fits(python, wanted):
        yield f"{wanted.source} asks for Python {wanted.range}, which is not on this machine: it loads with {python}"


def _unchecked(answer: SettingsReport) -> Iterator[str]:
    if answer.unchecked:
        yield f"its own checks fail, and are no job: {answer.unchecked}"


def _packages(lock: str) -> frozenset[str]:
    return frozenset(_names(lock))


def _names(lock: str) -> Iterator[str]:
    for name in re.findall(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==", lock, re.MULTILINE):
        yield re.sub(r"[-_.]+", "-", name).lower()


def _version_of(package: str, lock: str) -> str | None:
    found = re.search(rf"^{package}==([\w.]+)", lock, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else None
