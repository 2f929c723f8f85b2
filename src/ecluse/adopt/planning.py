"""The plan of an adoption: found out by asking the project, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ecluse.adopt import celery_tasks, deployment_warnings, frontend, overrides, writing, written_files
from ecluse.adopt.asking import SettingsReport
from ecluse.adopt.celery_tasks import CeleryTasks
from ecluse.adopt.look import Found, Say, look
from ecluse.adopt.overrides import Override
from ecluse.adopt.provider import ChosenProvider, choose
from ecluse.adopt.writing import Adoption
from ecluse.machine import git, process
from ecluse.outside.description import place
from ecluse.providers import PROVIDERS
from ecluse.services.kinds import KINDS
from ecluse.services.paths import cache_folder

__all__ = ["Prepared", "prepare"]

_COUNT_TESTS = Path(__file__).parent / "children" / "count_tests.py"

# Seconds for a project to collect its tests.
_PATIENCE = 300.0

# https://docs.pytest.org/en/stable/reference/exit-codes.html
_NO_TESTS = 5


@dataclass(frozen=True)
class Prepared:
    """A prepared adoption: what was *found*, and the content of the *files* to write by their paths."""

    found: Found
    provider: ChosenProvider
    plan: Adoption
    files: dict[str, str]

    def text(self) -> str:
        """The findings of an adoption as text."""
        return "\n".join(f"{name:<13} {value}" for name, value in self._lines())

    def _lines(self) -> Iterator[tuple[str, str]]:
        found, answer = self.found, self.found.answer
        yield "project", f"manage.py in {found.folder}" if found.folder != "." else "manage.py at the top"
        if found.others:
            yield "passed over", ", ".join(found.others)
        yield "settings", f"{answer.module}, Django {answer.django}"
        yield "python", found.python + (f", as {found.python_source} asks" if found.python_source else "")
        yield "requirements", found.declared
        if found.variables.given:
            yield "environment", ", ".join(found.variables.given)
        switch = found.switch
        yield "database", (
            f"{answer.engine} by default; PostgreSQL by {', '.join([*switch.fixed, *switch.parts])}"
            if switch.own
            else f"{answer.engine} by default; PostgreSQL set from outside"
        )
        yield "served by", str(found.application)
        yield "tests", " ".join(found.suite.command) + f", from {found.suite.source}" if self.plan.has_tests else "none"
        if self.plan.services:
            yield "services", f"{', '.join(self.plan.services)}: at the provider, and here where one is given"
        if self.plan.frontend.outputs:
            yield "front end", f"{self.plan.frontend.folder}, which makes {', '.join(self.plan.frontend.outputs)}"
        if self.plan.warnings:
            yield "warnings", f"recorded from check --deploy: {', '.join(self.plan.warnings)}"
        yield "provider", f"{PROVIDERS[self.provider.id].name}, {self.provider.why}"
        for note in self.plan.notes:
            yield "note", note

    def as_json(self) -> dict[str, object]:
        found = self.found
        return {
            "folder": found.folder,
            "passed_over": found.others,
            "settings": found.answer.module,
            "django": found.answer.django,
            "python": found.python,
            "requirements": found.declared,
            "environment": sorted(found.variables.given),
            "secrets": found.variables.secrets,
            "database": {"default": found.answer.engine, "fixed": found.switch.fixed, "parts": found.switch.parts},
            "tests": found.suite.command if self.plan.has_tests else None,
            "provider": self.provider.id,
            "services": self.plan.services,
            "workers": [worker.name for worker in self.plan.tasks.workers] if self.plan.tasks else [],
            "application": {"path": found.application.path, "asgi": found.application.asgi},
            "frontend": self.plan.frontend.outputs,
            "warnings": sorted(self.plan.warnings),
            "files": sorted(self.files),
            "notes": self.plan.notes,
        }


def prepare(top: Path, environ: Mapping[str, str], say: Say, *, provider: str = "") -> Prepared:
    """Look at the repository at *top*, and decide what to write: for *provider*, else for the one that is found.

    Raises AdoptError where it cannot be adopted.
    """
    found = look(top, environ, say)
    tracked = git.known_files(top)
    chosen = choose(provider, written_files.written(top), git.origin(top), tracked)
    tasks = celery_tasks.find(found.answer, environ)
    changes = overrides.overrides(found.answer, tasks)
    services = _services(found.answer, tasks, changes)
    notes = [*found.notes, *_tasks(tasks), *_told(changes)]
    notes += _unversioned(found, tracked)
    client = frontend.find(top, tracked, partial(_serves, found), environ, say)
    notes += client.notes
    planned = Adoption(
        found=found,
        overrides=changes,
        tasks=tasks,
        services=services,
        branch=_branch(top),
        provider=chosen.id,
        checks=(),
        before=_before(found, tracked),
        has_tests=_has_tests(found, tracked),
        release=_release(found, tracked),
        frontend=client,
        notes=tuple(notes),
    )
    say("running its checks")
    outside = place(writing.project(planned), cache_folder(environ) / "outside")
    # There is no database at that address: a check would only ask it for its history, and SQLite would make a file.
    variables = {"PYTHONPATH": str(outside), "DATABASE_URL": writing.NO_DATABASE, **found.variables.given}
    variables = {**found.subject.variables(variables), **found.switch.fixed}
    warnings = deployment_warnings.ask(found, outside, variables)
    planned = replace(planned, checks=_checks(found, variables), warnings=warnings)
    ignored = (
        (top / ".gitignore").read_text(encoding="utf-8", errors="replace") if (top / ".gitignore").is_file() else ""
    )
    return Prepared(found, chosen, planned, writing.files(planned, ignored))


def _serves(found: Found, folder: str) -> bool:
    return frontend.is_served(folder, found.folder, found.answer.folders, found.answer.modules)


def _tasks(tasks: CeleryTasks | None) -> Iterator[str]:
    """A line about background tasks that run as workers, or cannot be made to run at once."""
    if tasks is not None and tasks.workers:
        names = " and ".join(worker.name for worker in tasks.workers)
        yield f"{names} run beside the site, with the broker at {tasks.place}"
    elif tasks is not None and not tasks.eager:
        yield f"background tasks wait for a broker: {tasks.app} does not read Django's settings"


def _services(answer: SettingsReport, tasks: CeleryTasks | None, changes: tuple[Override, ...]) -> tuple[str, ...]:
    """The kinds of services that the project's settings name, that of its broker, and those without which a setting is
    among the *changes*.
    """
    named = [kind for kind, settings in answer.services.items() if settings]
    broker = [tasks.service] if tasks is not None and tasks.service and not tasks.always_eager else []
    return tuple(dict.fromkeys([*named, *broker, *(one.service for one in changes if one.service)]))


def _told(changes: tuple[Override, ...]) -> Iterator[str]:
    """The lines about settings that change what the project does."""
    for one in changes:
        if one.aloud:
            kind = f", on a machine without {KINDS[one.service].variable}" if one.service else ""
            yield f"{one.name}: {one.why}{kind}"


def _checks(found: Found, environ: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Django's own checks, and that no migration is missing: each where it holds today."""
    checks = (("python", "manage.py", "check"), ("python", "manage.py", "makemigrations", "--check", "--dry-run"))
    folder = found.top / found.folder
    return tuple(step for step in checks if process.run(step, cwd=folder, env=environ, check=False, timeout=300).ok)


def _branch(top: Path) -> str:
    """The branch that changes go to: the remote's default one, else the one that is checked out."""
    remote = git.find(top, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    if remote:
        return remote.partition("/")[2]
    return git.find(top, "symbolic-ref", "--quiet", "--short", "HEAD") or "main"


def _has_tests(found: Found, tracked: tuple[str, ...]) -> bool:
    """Whether some file of the project looks like a test with one in it."""
    below = "" if found.folder == "." else f"{found.folder}/"
    for name in tracked:
        path = Path(name)
        if name.startswith(below) and path.suffix == ".py" and "test" in name.lower():
            try:
                text = (found.top / name).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            if "def test" in text:
                return _counted(found) != 0
    return False


def _counted(found: Found) -> int | None:
    """How many tests the project's own runner finds; None where it does not say. A run of no test is no success."""
    subject, folder = found.subject, found.top / found.folder
    settings = found.suite.settings or found.answer.module
    environ = subject.variables({**found.variables.given, "DJANGO_SETTINGS_MODULE": settings})
    if found.suite.is_pytest:
        done = process.run(("pytest", "--collect-only", "-q"), cwd=folder, env=environ, check=False, timeout=_PATIENCE)
        return 0 if done.returncode == _NO_TESTS else None
    labels = found.suite.command[len(("python", "manage.py", "test")) :]
    argv = (str(subject.python), str(_COUNT_TESTS), str(folder), *labels)
    done = process.run(argv, cwd=folder, env=environ, check=False, timeout=_PATIENCE)
    last = done.output.strip().rpartition("\n")[2]
    return int(last) if done.ok and last.isdigit() else None


def _before(found: Found, tracked: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The steps that the tests need first: static files for a storage with a manifest, and compiled messages."""
    steps: list[tuple[str, ...]] = []
    settings = found.answer.settings
    storage = f"{settings.get('STATICFILES_STORAGE')} {settings.get('STORAGES')}"
    if "Manifest" in storage:
        steps.append(("python", "manage.py", "collectstatic", "--noinput"))
    messages = [name for name in tracked if name.endswith("/LC_MESSAGES/django.po")]
    if messages and not any(name.endswith(".mo") for name in tracked):
        steps.append(("python", "manage.py", "compilemessages"))
    return tuple(steps)


def _release(found: Found, tracked: tuple[str, ...]) -> tuple[str, ...]:
    """The files of a release: the project's folder, and what of the repository its settings read."""
    if found.folder != ".":
        inside = found.folder + "/"
        read = {name for name in (*found.answer.opened, *found.answer.modules) if name in tracked}
        return (found.folder, *sorted(name for name in read if not name.startswith(inside)))
    read = {Path(name).parts[0] for name in (*found.answer.opened, *found.answer.modules) if name in tracked}
    tops = {Path(name).parts[0] for name in tracked}
    aside = {"requirements", "pipeline.py", "ecluse", "docs", "doc", "node_modules", "tests", "test"} - read
    return tuple(sorted(name for name in tops if (name in read or not name.startswith(".")) and name not in aside))


def _unversioned(found: Found, tracked: tuple[str, ...]) -> Iterator[str]:
    known = set(tracked)
    for name in sorted({*found.answer.opened, *found.answer.modules} - known):
        if (
            not name.startswith("..")
            and (found.top / name).is_file()
            and not name.endswith((".mo", ".pyc", ".sqlite3"))
        ):
            yield f"{name} is read by the settings and not in git: a clone does not have it"
