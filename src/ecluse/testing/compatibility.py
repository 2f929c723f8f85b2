"""Whether the release that serves could live with the schema of a change: its own tests say so, on that schema.

A rollout migrates first, while the old release goes on serving; and a rollback leaves the schema as it is. So the tests
of the commit before are run, with its own code, on a database that the change's code has migrated. What fails there is
run again on that commit's own schema: only what passes there is the schema's fault.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import psycopg2
from psycopg2 import sql

from ecluse import probes
from ecluse.errors import CommandError, RepositoryError, ServiceError
from ecluse.machine import git, process
from ecluse.run import junit
from ecluse.services.empty import named

__all__ = ["Previous", "Result", "check", "previous"]

# What a change of the schema comes from: a project's own migrations, and its packages'.
SCHEMA = ("*/migrations/*.py", "requirements*.txt", "*/requirements*.txt", "requirements/*.txt", "*.lock")

PATIENCE = 30.0
"""Seconds that a given server has to answer."""

SETTLED = 5.0
"""Seconds after which PostgreSQL has counted what a session did that has ended."""

_PASSED, _FAILED = 0, 1
_PLUGIN = "ecluse_cascade"


@dataclass(frozen=True)
class Previous:
    """The commit whose tests are run, and how it was found."""

    commit: str
    found: str

    def __str__(self) -> str:
        return f"{self.commit[:12]} ({self.found})"


@dataclass(frozen=True)
class Result:
    """The result of the tests. *broken*: tests that fail on the new schema only. *unrelated*: tests that fail on both
    schemas. *unsteady*: flaky tests, which failed among the others and passed alone.
    """

    total: int
    broken: tuple[junit.FailedTest, ...] = ()
    unrelated: tuple[junit.FailedTest, ...] = ()
    unsteady: tuple[junit.FailedTest, ...] = ()


def previous(top: Path, branch: str, tags: str = "v*") -> Previous | str:
    """The previous release: the commit where HEAD left *branch*, else the last tag that matches *tags*.

    If there is none, the reason. Raises RepositoryError if the clone is too shallow to tell.
    """
    head = git.head(top)
    for name in (f"origin/{branch}", branch):
        if git.find(top, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"):
            base = git.find(top, "merge-base", "HEAD", name)
            if base and base != head:
                return Previous(base, f"where this left {name}")
    tag = git.find(top, "describe", "--tags", "--abbrev=0", "--match", tags, "HEAD^")
    if tag:
        return Previous(git.line(top, "rev-parse", f"{tag}^{{commit}}"), f"the tag {tag}")
    if git.line(top, "rev-parse", "--is-shallow-repository") == "true":
        raise RepositoryError(
            f"this clone lacks the history to find the previous release: no {branch}, no tag",
            where=str(top),
            hint="history=True in the job of pipeline.py, or: git fetch --unshallow --tags origin",
        )
    return f"there is no {branch} that this has left, and no tag {tags}"


def changes(top: Path, before: Previous) -> tuple[str, ...]:
    """The files that differ from *before* and that may make another schema."""
    changed = git.paths(top, "diff", "--name-only", "-z", before.commit)
    new = git.paths(top, "ls-files", "--others", "--exclude-standard", "-z")
    return tuple(path for path in (*changed, *new) if any(fnmatch(path, pattern) for pattern in SCHEMA))


def check(
    top: Path,
    before: Previous,
    server: str,
    tests: Sequence[str],
    environ: Mapping[str, str],
    say: Callable[[str], None],
) -> Result:
    """Run *tests* (arguments of pytest) of *before* on a database that the code in *top* has migrated.

    *server* is the address of a database on a server where others can be made. Both run in this Python, with what is
    installed in it; pytest-django makes the test databases. *say* gets what is printed.

    Raises CommandError where the tests could not be run.
    """
    probes.wait([server], timeout=PATIENCE, what="the PostgreSQL")
    name = f"ecluse_{secrets.token_hex(6)}"
    migrated, own = f"{name}_new", f"{name}_old"
    with _tree(top, before) as old, _databases(server, f"test_{migrated}", f"test_{own}"):
        _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"test_{migrated}")))
        say(f"migrating a database with the code of {top}\n")
        manage = ("manage.py",) if (top / "manage.py").is_file() else ("-m", "django")
        variables = {**environ, "DATABASE_URL": named(server, f"test_{migrated}")}
        process.run((sys.executable, *manage, "migrate", "--no-input", "--verbosity", "0"), cwd=top, env=variables)
        say(f"the tests of {before} on it\n")
        on_new = _pytest(old, named(server, migrated), (*tests, "--reuse-db"), _moved(environ, top, old), say)
        if not _used(server, f"test_{migrated}"):
            raise CommandError(
                "the tests did not use the database that was made for them",
                hint="settings must take DATABASE_URL, and leave the name of the test database to Django",
            )
        if not on_new.failures:
            return Result(on_new.total)
        # Alone, as they are then run on the other schema: what another test had left behind is no schema's fault.
        say(f"{len(on_new.failures)} failed: the same again\n")
        again = _pytest(
            old, named(server, migrated), (*tests, "--reuse-db", "--last-failed"), _moved(environ, top, old), say
        )
        own_failures: tuple[junit.FailedTest, ...] = ()
        if again.failures:
            say(f"{len(again.failures)} failed: the same on the schema of their own\n")
            arguments = (*tests, "--create-db", "--last-failed")
            own_failures = _pytest(old, named(server, own), arguments, _moved(environ, top, old), say).failures
    steady, unrelated = ({failure.name for failure in found} for found in (again.failures, own_failures))
    return Result(
        on_new.total,
        broken=tuple(one for one in on_new.failures if one.name in steady - unrelated),
        unrelated=tuple(one for one in on_new.failures if one.name in unrelated),
        unsteady=tuple(one for one in on_new.failures if one.name not in steady),
    )


def _pytest(
    folder: Path, url: str, arguments: Sequence[str], environ: Mapping[str, str], say: Callable[[str], None]
) -> junit.JUnitReport:
    report = folder.parent / "junit.xml"
    shutil.copy(Path(__file__).parent / "cascade.py", folder.parent / f"{_PLUGIN}.py")
    paths = [*filter(None, [environ.get("PYTHONPATH")]), str(folder.parent)]
    variables = {**environ, "DATABASE_URL": url, "PYTHONPATH": os.pathsep.join(paths)}
    # One process: a worker would make a database of its own, with the old schema. And not ecluse's own databases.
    argv = (
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:xdist",
        "-p",
        "no:ecluse.testing.plugin",
        "-p",
        _PLUGIN,
        f"--junit-xml={report}",
    )
    done = process.run((*argv, *arguments), cwd=folder, env=variables, check=False, on_output=say)
    found = junit.read(report)
    if done.returncode not in (_PASSED, _FAILED) or found is None:
        raise CommandError(f"the tests of the commit before could not be run: pytest ended with {done.returncode}")
    return found


@contextmanager
def _tree(top: Path, before: Previous) -> Iterator[Path]:
    """The files of *before*, in a working tree that is gone with the context."""
    with tempfile.TemporaryDirectory(prefix="ecluse-before-") as scratch:
        folder = Path(scratch).resolve() / "tree"
        git.read(top, "worktree", "add", "--quiet", "--detach", str(folder), before.commit)
        try:
            yield folder
        finally:
            git.find(top, "worktree", "remove", "--force", str(folder))


def _moved(environ: Mapping[str, str], top: Path, old: Path) -> dict[str, str]:
    """*environ*, with the folders of *top* on PYTHONPATH those of *old*, without what pytest is told by a variable."""
    entries = [Path(entry).resolve() for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    moved = [old / entry.relative_to(top) if entry.is_relative_to(top) else entry for entry in entries]
    kept = {name: value for name, value in environ.items() if name != "PYTEST_ADDOPTS"}
    return {**kept, "PYTHONPATH": os.pathsep.join(map(str, moved))} if moved else kept


@contextmanager
def _databases(server: str, *names: str) -> Iterator[None]:
    try:
        yield
    finally:
        for name in names:
            _execute(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _used(server: str, name: str) -> bool:
    """Whether tests ran in the database. They roll back, and migrations do not: PostgreSQL counts."""
    query = sql.SQL("SELECT xact_rollback > 0 FROM pg_stat_database WHERE datname = {}").format(sql.Literal(name))
    until = time.monotonic() + SETTLED
    while _execute(server, query) != [(True,)]:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _execute(server: str, query: sql.Composable) -> list[tuple[object, ...]]:
    try:
        connection = psycopg2.connect(server)
    except psycopg2.OperationalError as error:
        raise ServiceError(f"the PostgreSQL does not answer: {error}") from None
    try:
        connection.autocommit = True  # databases are made outside of transactions
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []
    except psycopg2.Error as error:
        raise ServiceError(f"the PostgreSQL refuses: {error}") from None
    finally:
        connection.close()
