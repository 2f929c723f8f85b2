"""The database of a backup: dumped together with the rows that it had in that moment; loaded again."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from threading import Thread
from typing import IO

from ecluse.backup.emptying import emptying
from ecluse.backup.piped import piped
from ecluse.errors import BackupError
from ecluse.machine import process
from ecluse.secrets import masked
from ecluse.services import libpq
from ecluse.services.binaries import binaries_for
from ecluse.services.kinds import POSTGRES_VERSION

__all__ = ["Content", "Postgres"]

_PIECE = 1 << 20
_END = "--end of the answer--"

_END_OF_SCRIPT = 1 << 16
"""Bytes at the end of pg_restore's script that have its COMMIT, and more."""

_TABLES = (
    "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_t' "
    # What belongs to an extension is made by the extension.
    "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1"
)


_MIGRATIONS = "SELECT app || '.' || name FROM django_migrations ORDER BY 1"


class Content:
    """The content of a database in one moment: *tables*, with their rows, and the *migrations* applied."""

    def __init__(self, tables: Mapping[str, int], migrations: tuple[str, ...]) -> None:
        self.tables, self.migrations = dict(tables), migrations


class Postgres:
    """The database at *url*. *environ* is for finding PostgreSQL's programs: those of the server's own major version.

    The password stands in the environment of the programs alone. Raises BackupError where it does not answer.
    """

    def __init__(self, url: str, environ: Mapping[str, str]) -> None:
        own = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": "20"}
        self._environ = {**own, **libpq.variables(url)}
        self._programs = binaries_for(POSTGRES_VERSION, environ)
        answer = self._run(self._psql("--command", "SHOW server_version_num"))
        self.major = int(answer.text) // 10000
        self._programs = binaries_for(str(self.major), environ)

    @contextmanager
    def moment(self) -> Iterator[tuple[str, Content]]:
        """A snapshot of the database, held open for the block: its name for ``pg_dump --snapshot``, and its content.

        It is a transaction that reads only: it holds up nothing but VACUUM, and migrations that lock a whole table.
        """
        with tempfile.TemporaryFile() as errors:
            session = process.spawn(
                self._psql(), env=self._environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )

            def ask(sql: str) -> list[str]:
                assert session.stdin is not None and session.stdout is not None
                with suppress(BrokenPipeError):  # it has ended, and its output ends too
                    session.stdin.write(f"{sql};\n\\echo {_END}\n".encode())
                    session.stdin.flush()
                lines: list[str] = []
                for line in session.stdout:
                    text = line.decode().rstrip("\n")
                    if text == _END:
                        return lines
                    lines.append(text)
                errors.seek(0)
                raise _failure("the database", errors.read().decode(errors="replace"))

            try:
                ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                [name] = ask("SELECT pg_export_snapshot()")
                yield name, _content(ask)
            finally:
                process.stop(session)
                for pipe in (session.stdin, session.stdout):
                    if pipe is not None:
                        with suppress(BrokenPipeError):
                            pipe.close()

    def migrations(self) -> tuple[str, ...]:
        """The migrations applied now, as ``app.name``; no row is counted for that."""
        asked = "SELECT 1 FROM pg_tables WHERE tablename = 'django_migrations'"
        if not self._run(self._psql("--command", asked)).text.strip():
            return ()
        return tuple(self._run(self._psql("--command", _MIGRATIONS)).text.splitlines())

    def content(self) -> Content:
        """The content now."""
        with self.moment() as (_name, content):
            return content

    def size(self) -> int:
        """The bytes that the database takes on the disk of its server."""
        return int(self._run(self._psql("--command", "SELECT pg_database_size(current_database())")).text)

    @contextmanager
    def dump(self, moment: str, *, compressed: bool = False) -> Iterator[IO[bytes]]:
        """The dump of *moment*, as it is written. Raises BackupError at the end where it is not whole."""
        # Not compressed for restic, which finds what is unchanged, and compresses it.
        options = ("--format=custom", f"--compress={1 if compressed else 0}", f"--snapshot={moment}")
        argv = self._programs.argv("pg_dump", *options)
        with piped(argv, self._environ, partial(_failure, "pg_dump")) as program:
            assert program.stdout is not None
            yield program.stdout

    @contextmanager
    def load(self, *, replacing: bool = False) -> Iterator[IO[bytes]]:
        """The input of a program that loads a dump into this database, which is empty; or, *replacing*, is emptied: in
        one transaction, all of the dump takes the place of all that is there, or nothing. Raises BackupError at the end
        where something could not be loaded.
        """
        # A statement of the site that goes on for ever ends the restore, and not the other way round.
        environ = {**self._environ, "PGOPTIONS": "-c lock_timeout=60s"}
        options = ("--no-owner", "--no-privileges", "--exit-on-error")
        if not replacing:
            argv = self._programs.argv("pg_restore", *options, f"--dbname={self._environ['PGDATABASE']}")
            with piped(argv, environ, partial(_failure, "pg_restore"), stdin=subprocess.PIPE) as program:
                yield from _fed(program)
            return
        # pg_restore itself drops what the dump has, and not the tables that later migrations have made.
        script = self._programs.argv("pg_restore", *options, "--single-transaction", "--file=-")
        psql, end = self._psql("--output=/dev/null"), bytearray()
        with piped(psql, environ, partial(_failure, "the database"), stdin=subprocess.PIPE) as transaction:
            assert transaction.stdin is not None
            with suppress(BrokenPipeError):
                transaction.stdin.write(b"BEGIN;\n" + emptying().encode())
            with piped(script, environ, partial(_failure, "pg_restore"), stdin=subprocess.PIPE) as program:
                assert program.stdout is not None
                copying = Thread(target=_copy, args=(program.stdout, transaction.stdin, end), daemon=True)
                copying.start()
                yield from _fed(program)
                copying.join()
            # Only now, since the script commits at its end: what is not whole is never committed.
            with suppress(BrokenPipeError):
                transaction.stdin.write(end)
                transaction.stdin.close()

    def _psql(self, *more: str) -> tuple[str, ...]:
        options = ("--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1", "--no-password")
        return self._programs.argv("psql", *options, *more)

    def _run(self, argv: tuple[str, ...]) -> process.Answer:
        answer = process.read(argv, env=self._environ, check=False)
        if not answer.ok:
            raise _failure("the database", answer.errors.decode(errors="replace"))
        return answer


def _fed(program: subprocess.Popen[bytes]) -> Iterator[IO[bytes]]:
    """The input of *program*, which is closed after use."""
    assert program.stdin is not None
    with suppress(BrokenPipeError):  # it has ended, and says why
        yield program.stdin
        program.stdin.close()


def _copy(source: IO[bytes], sink: IO[bytes], end: bytearray) -> None:
    """Copy *source* to *sink*, but for its end, which is left in *end*; what *sink* no longer takes is thrown away."""
    takes = True
    with suppress(ValueError):  # it was closed
        while piece := source.read(_PIECE):
            end += piece
            if takes:
                try:
                    sink.write(end[:-_END_OF_SCRIPT])
                    sink.flush()
                except OSError:
                    takes = False
            del end[:-_END_OF_SCRIPT]


def _content(ask: Callable[[str], list[str]]) -> Content:
    tables = ask(_TABLES)
    rows = {table: int(ask(f"SELECT count(*) FROM {table}")[0]) for table in tables}
    migrations: tuple[str, ...] = ()
    if any(table.rpartition(".")[2] == "django_migrations" for table in tables):
        migrations = tuple(ask(_MIGRATIONS))
    return Content(rows, migrations)


def _failure(what: str, said: str) -> BackupError:
    lines = masked(said).strip().splitlines()
    return BackupError(f"{what}: {lines[-1] if lines else 'it ended and said nothing'}")
