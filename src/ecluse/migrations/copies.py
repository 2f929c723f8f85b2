"""A database to try migrations on: a copy of the serving schema, without its rows."""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from . import copy
from .copy import CannotCopy
from .listen import StatementListener
from .pg_catalog import read
from .schema import Schema, differences
from .statements import bare, leaves_the_database, reaches_out

__all__ = ["Copy", "NotTried", "address", "copied", "emptied"]

PREFIX = "ecluse_rehearsal_"

# Milliseconds: on empty tables, what takes longer than this waits for something.
_TIMEOUT = 30_000


_FORGOTTEN = 3_600
"""Seconds after which a scratch database belongs to nobody."""


class NotTried(Exception):
    """A statement that a rehearsal does not run: it would change something outside of the copy."""


class Copy:
    """A copy of the database of *connection*, which points to it meanwhile. *place* says where it is."""

    def __init__(self, connection: Any, place: str, schema: Schema, forbid: Callable[[str], None]) -> None:
        self.connection, self.place, self.schema = connection, place, schema
        self.listener = StatementListener(connection, forbid)


@contextlib.contextmanager
def copied(connection: Any, server: str | None) -> Iterator[Copy]:
    """A copy of *connection*'s schema: on the throwaway *server* (an address), where that can hold one, else in a
    database of its own beside the real one. Raises CannotCopy. Until the end *connection* is connected to the copy.
    """
    from django.db import Error

    source = _Source(connection)
    with contextlib.ExitStack() as stack:
        stack.callback(_point, connection, source.settings)
        try:
            if server is None:
                raise CannotCopy("there is no throwaway server")
            made = stack.enter_context(_throwaway(source, server))
        except (CannotCopy, Error) as error:
            _point(connection, source.settings)
            try:
                made = stack.enter_context(_beside(source, _line(error)))
            except Error as failed:
                raise CannotCopy(f"{_line(error)}; {_line(failed)}") from failed
        connection.close()
        yield made


@contextlib.contextmanager
def emptied(connection: Any, server: str | None) -> Iterator[None]:
    """An empty database, on the throwaway *server* or beside the real one; *connection* is connected to it until the
    end. Raises CannotCopy.
    """
    source = _Source(connection)
    with contextlib.ExitStack() as stack:
        stack.callback(_point, connection, source.settings)
        if server is None:
            name = stack.enter_context(_scratch(source, "there is no throwaway server"))
            _point(connection, {**source.settings, "NAME": name})
        else:
            there = {**address(server), "OPTIONS": {}}
            name = PREFIX + secrets.token_hex(6)
            with source.connect(**there, NAME="postgres") as cursor:
                _same_major(cursor, source)
                cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
            _point(connection, {**source.settings, **there, "NAME": name})
        yield


class _Source:
    """The database that is copied: the one that *connection* was connected to."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.settings = connection, dict(connection.settings_dict)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT datname, session_user, current_setting('server_version_num')::int / 10000, "
                "pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
            )
            self.database, self.role, self.major, self.owner = cursor.fetchone()
            self.applied = []
            if "django_migrations" in connection.introspection.table_names(cursor):
                cursor.execute("SELECT app, name, applied FROM django_migrations ORDER BY id")
                self.applied = cursor.fetchall()
        self.schema = read(connection)

    def statements(self, database: str, *, own_server: bool) -> tuple[list[str], list[list[str]]]:
        """The SQL that makes the roles, and the schema in *database*; every name in it is written with its schema."""
        from django.db import transaction

        with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            cursor.execute("SET LOCAL search_path = ''")
            return copy.roles(cursor) if own_server else [], copy.structure(cursor, database, own_server=own_server)

    def connect(self, **changes: Any) -> Any:
        """A cursor of a new connection, with *changes* to the settings."""
        _point(self.connection, {**self.settings, **changes})
        return self.connection.cursor()


@contextlib.contextmanager
def _throwaway(source: _Source, server: str) -> Iterator[Copy]:
    there = address(server)
    master = {**there, "OPTIONS": {}}
    roles, statements = source.statements(source.database, own_server=True)
    with source.connect(**master, NAME="postgres") as cursor:
        _same_major(cursor, source)
        copy.write(cursor.execute, [roles])
        cursor.execute(f"CREATE DATABASE {_quoted(source.database)} TEMPLATE template0 OWNER {_quoted(source.owner)}")
    with source.connect(**master, NAME=source.database) as cursor:
        _write(cursor, statements, source)
    options = _limited({key: value for key, value in source.settings["OPTIONS"].items() if key not in _NOT_THERE})
    _point(source.connection, {**source.settings, **there, "USER": source.role, "OPTIONS": options})
    source.connection.settings_dict["NAME"] = source.database
    yield _checked(source, "a throwaway server", _forbid_leaving)


@contextlib.contextmanager
def _beside(source: _Source, why: str) -> Iterator[Copy]:
    with _scratch(source, why) as name:
        _roles, statements = source.statements(name, own_server=False)
        options = _limited({**source.settings["OPTIONS"], "pool": False})
        with source.connect(NAME=name, OPTIONS=options) as cursor:
            _write(cursor, statements, source)
        source.connection.close()
        yield _checked(source, "a scratch database on the same server", _forbid)


@contextlib.contextmanager
def _scratch(source: _Source, why: str) -> Iterator[str]:
    """The name of an empty database on the serving server, dropped at the end."""
    with source.connect() as cursor:
        cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            raise CannotCopy(f"{why}, and the role of the site may not make a database beside its own")
        name = f"{PREFIX}{time.time():.0f}_{secrets.token_hex(4)}"
        _sweep(cursor)
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield name
    finally:
        with source.connect() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _same_major(cursor: Any, source: _Source) -> None:
    cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
    if cursor.fetchone()[0] != source.major:
        raise CannotCopy(f"the throwaway server is not of PostgreSQL {source.major}")


_NOT_THERE = ("service", "passfile", "sslmode", "sslrootcert", "sslcert", "sslkey", "pool")


def _forbid(sql: str) -> None:
    if reaches_out(bare(sql)) or leaves_the_database(sql):
        raise NotTried("it reaches out of its database")


def _forbid_leaving(sql: str) -> None:
    if leaves_the_database(sql):
        raise NotTried("it reaches out of its server, or changes how a role logs in")


def _sweep(cursor: Any) -> None:
    """Drop scratch databases that are too old to be in use: whoever made them was killed."""
    cursor.execute("SELECT datname FROM pg_database")
    for (name,) in cursor.fetchall():
        made = re.fullmatch(rf"{PREFIX}(\d+)_\w+", name)
        if made and time.time() - int(made[1]) > _FORGOTTEN:
            with contextlib.suppress(Exception):  # it belongs to another role
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _write(cursor: Any, statements: list[list[str]], source: _Source) -> None:
    cursor.execute("SET synchronous_commit = off")
    copy.write(cursor.execute, statements)
    tables = [_quoted(*name.split(".", 1)) for name, one in source.schema.relations.items() if one.kind == "r"]
    StatementListener.attach(cursor.execute, tables)
    if source.applied:
        migrations = _quoted(*source.schema.visible["django_migrations"].split(".", 1))
        for row in source.applied:
            cursor.execute(f"INSERT INTO {migrations} (app, name, applied) VALUES (%s, %s, %s)", row)


def address(server: str) -> dict[str, str]:
    """Django's settings for the server at the address *server*, whose socket's folder is a parameter of it."""
    parts = urlsplit(server)
    host = parse_qs(parts.query)["host"][0]
    return {"HOST": host, "PORT": "", "USER": unquote(parts.username or ""), "PASSWORD": ""}


def _limited(options: dict[str, Any]) -> dict[str, Any]:
    return {**options, "options": f"{options.get('options', '')} -c statement_timeout={_TIMEOUT}".strip()}


def _checked(source: _Source, place: str, forbid: Callable[[str], None]) -> Copy:
    made = read(source.connection)
    different = next(differences(source.schema, made), None)
    if different:
        raise CannotCopy(f"the copy is not like the database: {different}")
    return Copy(source.connection, place, made, forbid)


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _point(connection: Any, settings: dict[str, Any]) -> None:
    connection.close()
    connection.settings_dict.clear()
    connection.settings_dict.update(settings)


def _quoted(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)
