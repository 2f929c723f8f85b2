"""The proof that an adopted project works: its own default, PostgreSQL, a rollout, a second one, the way back."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ecluse.adopt import failing_tests
from ecluse.adopt.asking import bytecode
from ecluse.adopt.baseline import SuiteResult, count, run_tests
from ecluse.adopt.look import Found
from ecluse.adopt.table import Table
from ecluse.adopt.writing import SITE_LOCK
from ecluse.errors import AdoptError, CommandError
from ecluse.machine import process, waiting

__all__ = ["Visitors", "baseline", "prove"]

# Requests of the visitors during the second rollout, a second.
_RATE = 25


def baseline(found: Found, table: Table, say: Callable[[str], None]) -> SuiteResult | None:
    """Run the project's tests on its own default database. None where that is a server which is not here."""
    default = found.answer.databases.get("default", {})
    if found.answer.engine != "sqlite3" or not default.get("NAME"):
        return None
    say("running its tests on its own default")
    with table.row("baseline") as row:
        how = found.suite
        environ = found.subject.variables(found.variables.given)
        command = how.command if how.is_pytest else (*how.command, "--noinput")
        tests = run_tests(command, found.top / found.folder, environ)
        row.ok, row.detail = tests.green or not (tests.ran or tests.broken), f"{tests} on {found.answer.engine}"
        row.whose = "" if row.ok else "theirs"
        if tests.broken:
            row.detail += f"\n{tests.output}"
    return tests


def prove(
    found: Found, before: SuiteResult | None, table: Table, environ: Mapping[str, str], say: Callable[[str], None]
) -> None:
    """Run what was written: checks, tests, a release, its rollout, a second one under load, and the way back.

    Raises what the first failure is that leaves nothing to go on with. The site is stopped in the end.
    """
    tool = _Tool(found.top, environ)
    plan = tool.jobs()
    if "checks" in plan:
        say("running its checks")
        with table.row("checks"):
            tool("run", "checks")
    if "tests" in plan:
        say("running its tests on PostgreSQL")
        _tests(tool, found, before, table)
    say("making a release")
    with table.row("release") as row:
        row.detail = tool("package").split()[-1]
    try:
        _serve(tool, found, table, say)
    finally:
        tool("stop", "local", check=False)


def _tests(tool: _Tool, found: Found, before: SuiteResult | None, table: Table) -> None:
    with table.row("tests") as row:
        done = tool.run("run", "tests", "--no-cache")
        tests = count(done.output, done.ok, done.seconds)
        row.ok, row.detail = done.ok, f"{tests} on PostgreSQL"
        if not done.ok:
            new = [name for name in tests.failed if before is None or name not in before.failed]
            row.whose = failing_tests.whose(found.answer.engine, before, tests)
            row.detail += "".join(f"\n{name}" for name in (new or tests.failed)[:10]) or f"\n{tests.output}"
            if row.whose != "ours":
                row.detail += "".join(f"\n{line}" for line in failing_tests.advice(found.suite, tests.failed))


def _serve(tool: _Tool, found: Found, table: Table, say: Callable[[str], None]) -> None:
    say("rolling it out on this machine")
    with table.row("serves") as row:
        tool("deploy", "local")
        url = str(json.loads(tool("status", "local", "--json"))["address"])
        row.detail = url
    say("rolling a second release out under load")
    with table.row("second rollout") as row, _another_release(found.top):
        tool("package")
        with visiting(url) as visitors:
            tool("deploy", "local")
        row.detail = f"{visitors.answered} answers, {len(visitors.lost)} lost"
        if visitors.lost:
            raise AdoptError(f"{len(visitors.lost)} requests were lost: {visitors.lost[0]}")
    with table.row("way back"):
        tool("rollback", "local")


@contextmanager
def _another_release(top: Path) -> Iterator[None]:
    """Another release for as long as the context lasts: our own lock gets one more line, which installs the same."""
    lock = top / SITE_LOCK
    before = lock.read_bytes()
    lock.write_bytes(before + b"# A second release, for the proof.\n")
    try:
        yield
    finally:
        lock.write_bytes(before)


@dataclass
class Visitors:
    """How many requests were *answered*, and why the others were *lost*."""

    answered: int = 0
    lost: list[str] = field(default_factory=list)


@contextmanager
def visiting(url: str) -> Iterator[Visitors]:
    """Visitors of *url* at a fixed rate for as long as the context lasts. A server's error is a lost request."""
    visitors = Visitors()
    parts = urlsplit(url)

    def visit() -> None:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            connection.request("GET", "/")
            status = connection.getresponse().status
            if status in (502, 503, 504):
                visitors.lost.append(f"answered with {status}")
            else:
                visitors.answered += 1
        except (OSError, http.client.HTTPException) as error:
            visitors.lost.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    with waiting.repeated(visit, every=1 / _RATE, name="visitors"):
        yield visitors


class _Tool:
    """Écluse's own command in the repository at *top*, as a person would call it."""

    def __init__(self, top: Path, environ: Mapping[str, str]) -> None:
        self.top, self.environ = top, {**environ, **bytecode(environ)}

    def __call__(self, *arguments: str, check: bool = True) -> str:
        """The standard output of the tool. Raises AdoptError with the end of what it said where it fails."""
        try:
            return process.read(self._argv(*arguments), cwd=self.top, env=self.environ, check=check).text
        except CommandError as error:
            raise AdoptError(error.what.partition("\n")[2] or error.what) from None

    def run(self, *arguments: str) -> process.Completed:
        return process.run(self._argv(*arguments), cwd=self.top, env=self.environ, check=False)

    def jobs(self) -> frozenset[str]:
        """The names of the jobs of the pipeline that was written."""
        from ecluse.definition.load import load

        return frozenset(job.name for job in load(self.top / "pipeline.py").jobs)

    def _argv(self, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, "-P", "-m", "ecluse", *arguments)
