"""How Django makes a test database, where the server is ours: the migrated template itself, or a clone of it.

Django's own seam: whoever sets test databases up (pytest-django, a project's fixtures, a test runner) asks the
connection's ``creation``, and gets one that is there already.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import django
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.creation import DatabaseCreation
from django.db.migrations.loader import MigrationLoader
from django.test import utils

from ecluse.testing.run_server import Databases

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

__all__ = ["Cloned", "adopt", "adopt_all", "is_at", "place"]


# Django 6 has deprecated the argument: its test runners see to that themselves.
_SERIALIZE = True if django.VERSION < (6, 0) else None


class Cloned(DatabaseCreation):
    """Put in the place of a PostgreSQL connection's ``creation`` by :func:`adopt`."""

    databases: Databases
    _template: str

    if TYPE_CHECKING:  # of Django's, but not in its stubs

        def _get_test_db_name(self) -> str: ...

        def _nodb_cursor(self) -> AbstractContextManager[CursorWrapper]: ...

    def create_test_db(
        self,
        verbosity: int = 1,
        autoclobber: bool = False,
        serialize: bool | None = _SERIALIZE,
        keepdb: bool = False,
    ) -> str:
        """Create a test database as Django does, but take its tables from the migrated template."""
        state = self.databases.ready(self)
        point_all(self.databases, state.url)
        template = state.templates.get(self.connection.alias)
        if template is None:
            with self.databases.turn():
                return str(super().create_test_db(verbosity, autoclobber=True, **_tell(serialize)))
        name = self._get_test_db_name()
        if name != template:
            with self.databases.turn():
                self._clone(template, name)
        self._use(name)
        if serialize:
            self.connection._test_serialized_contents = self.serialize_db_to_string()  # type: ignore[attr-defined]
        self.connection.ensure_connection()
        return name

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        """Do nothing: the server is removed with everything in it."""
        self.connection.close()
        if hasattr(self.connection, "close_pool"):
            self.connection.close_pool()

    def templates(self) -> dict[str, str]:
        """By alias, the names that the test databases have where there are no workers, in the order of their making.

        Empty where another server has any of them: migrations may write to each, and that one is not kept.
        """
        found: dict[str, str] = {}
        for _name, aliases in _asked_for().values():
            creations = {alias: connections[alias].creation for alias in aliases}
            beside = {alias: creation for alias, creation in creations.items() if isinstance(creation, Cloned)}
            if len(beside) < len(creations) or any(one.databases is not self.databases for one in beside.values()):
                return {}
            found |= dict.fromkeys(beside, next(iter(beside.values()))._template)
        return found if self.connection.alias in found else {}

    def import_migrations(self) -> None:
        """Import the migrations, which takes a while and needs no server. What is wrong with them is said later."""
        with contextlib.suppress(Exception):
            MigrationLoader(None)

    def migrate(self, templates: Mapping[str, str]) -> None:
        """Make the databases *templates* the ordinary way, and leave them with nobody connected.

        While the last of them is migrated, the others can still be reached, as they can be where Django makes them.
        """
        with contextlib.ExitStack() as stack:
            made: set[str] = set()
            for alias, template in templates.items():
                creation = connections[alias].creation
                if template not in made and isinstance(creation, Cloned):
                    made.add(template)
                    stack.enter_context(creation._migrated(template))

    @contextlib.contextmanager
    def _migrated(self, template: str) -> Iterator[None]:
        """The connection leads to the new database *template* meanwhile."""
        test = self.connection.settings_dict["TEST"]
        name, own = self.connection.settings_dict["NAME"], test.get("NAME")
        try:
            test["NAME"] = template
            super().create_test_db(verbosity=0, autoclobber=True, **_tell(False))
            yield
        finally:
            self._destroy_test_db(template, 0)
            test["NAME"] = own
            self._use(name)

    def point_all_to(self, url: str) -> None:
        """Have the connections of all databases of this run go to the server at *url*."""
        point_all(self.databases, url)

    def point_to(self, url: str) -> None:
        """Have the connection, in every thread, go to the server at *url*."""
        place(self.connection.settings_dict, url)

    def _use(self, name: str) -> None:
        self.connection.close()
        settings.DATABASES[self.connection.alias]["NAME"] = name
        self.connection.settings_dict["NAME"] = name

    def _clone(self, template: str, name: str) -> None:
        quote = self.connection.ops.quote_name
        with self._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {quote(name)}")
            # Half the time of the default, WAL_LOG, which is for templates that others write to.
            cursor.execute(f"CREATE DATABASE {quote(name)} TEMPLATE {quote(template)} STRATEGY FILE_COPY")
            # What ALTER DATABASE … SET has set is not part of a template.
            cursor.execute(
                "INSERT INTO pg_db_role_setting SELECT new.oid, setrole, setconfig"
                " FROM pg_db_role_setting JOIN pg_database old ON old.oid = setdatabase, pg_database new"
                " WHERE old.datname = %s AND new.datname = %s",
                [template, name],
            )


def _tell(serialize: bool | None) -> dict[str, Any]:
    return {} if _SERIALIZE is None and not serialize else {"serialize": serialize}


def adopt(connection: BaseDatabaseWrapper, databases: Databases) -> None:
    """Have *connection*'s test database made from *databases*."""
    creation = connection.creation
    own = type(creation)
    if isinstance(creation, Cloned):
        return
    # A subclass of what is there: PostGIS and other backends have a creation, or parts of it, of their own.
    creation.__class__ = type(f"Cloned{own.__name__}", (Cloned, own), {})
    assert isinstance(creation, Cloned)
    creation.databases = databases
    creation._template = creation._get_test_db_name()


_choice = utils.get_unique_databases_and_mirrors
_chosen: list[Mapping[Any, tuple[str, Iterable[str]]]] = []


def _choose(aliases: set[str] | None = None) -> Any:
    """Django's choice of the databases that the tests use, remembered: its runners make no others."""
    databases, mirrors = _choice(aliases)
    _chosen[:] = [databases]
    return databases, mirrors


def _asked_for() -> Mapping[Any, tuple[str, Iterable[str]]]:
    """The databases of this run, as Django chose them; all that the settings have where nobody asked it."""
    return _chosen[0] if _chosen else _choice(None)[0]


def adopt_all(databases: Databases) -> bool:
    """Do so for every connection whose settings lead to the server of *databases*, or are to be replaced.

    A replica (``TEST: {"MIRROR": …}``) is where its database is. Returns whether there is such a connection.
    """
    utils.get_unique_databases_and_mirrors = _choose
    for alias in connections:
        connection = connections[alias]
        if databases.options.replace and connection.vendor == "postgresql":
            place(connection.settings_dict, databases.address)
        if is_at(connection.settings_dict, str(databases.lease.folder)):
            adopt(connection, databases)
    for alias in connections:
        connection = connections[alias]
        mirrored = connection.settings_dict["TEST"].get("MIRROR")
        if mirrored and connection.vendor == "postgresql" and isinstance(connections[mirrored].creation, Cloned):
            place(connection.settings_dict, databases.address)
            adopt(connection, databases)
    return any(isinstance(connections[alias].creation, Cloned) for alias in connections)


def point_all(databases: Databases, url: str) -> None:
    """Have every connection that leads to *databases*, a replica's too, go to the server at *url*."""
    for alias in connections:
        creation = connections[alias].creation
        if isinstance(creation, Cloned) and creation.databases is databases:
            creation.point_to(url)


def place(database: dict[str, Any], url: str) -> None:
    """Change *database*, an item of ``DATABASES``, so that it is on the server at *url*. Its name stays."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host", [""])[0]
    options = {key: value for key, value in database.get("OPTIONS", {}).items() if key != "host"}
    database.update(
        HOST=folder or parts.hostname or "",
        PORT=str(parts.port or ""),
        USER=unquote(parts.username or ""),
        PASSWORD=unquote(parts.password or ""),
        OPTIONS=options,
    )


def is_at(database: dict[str, Any], folder: str) -> bool:
    """Whether *database*, an item of ``DATABASES``, is on the server whose socket is in *folder*."""
    return folder in (database.get("HOST"), database.get("OPTIONS", {}).get("host"))
