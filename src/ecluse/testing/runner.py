"""The runner for ``manage.py test``: ``TEST_RUNNER = "ecluse.testing.runner.DatabaseRunner"``.

Where ``DATABASE_URL`` is given it is Django's own runner, no more. Otherwise the database ``default`` becomes the same
cached PostgreSQL that the pytest plugin brings up, whatever the settings have it be on this machine.
"""

from __future__ import annotations

import logging
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import connections
from django.test.runner import DiscoverRunner

from ecluse.errors import EcluseError
from ecluse.services.order import DEFAULT, VARIABLE, parse
from ecluse.services.sources import own
from ecluse.testing.creation import adopt_all, place
from ecluse.testing.launch import begun
from ecluse.testing.options import DatabaseOptions
from ecluse.testing.run_server import DATABASE, RUN, Databases, begin, is_given

__all__ = ["DatabaseRunner", "announce"]


class DatabaseRunner(DiscoverRunner):
    """Django's runner, on a PostgreSQL from nothing. ``--parallel`` gives each process a clone."""

    def __init__(self, *args: Any, postgres: str | None = None, fresh_db: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked = postgres
        self._fresh = fresh_db
        self._databases: Databases | None = None

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--postgres", metavar="ORDER", help=f"sources to try, of {','.join(DEFAULT)} ({VARIABLE})")
        parser.add_argument("--fresh-db", action="store_true", help="migrate a new database, whatever the cache has")

    def setup_test_environment(self, **kwargs: Any) -> None:
        """Before the tests are imported, so that they see the database that they are going to have."""
        text = self._asked or os.environ.get(VARIABLE)
        order = parse(text, where="--postgres" if self._asked else VARIABLE) if text else DEFAULT
        if own(order) and not ("given" in order and is_given(os.environ)):
            self._databases = databases = begun() or begin(
                DatabaseOptions(order=own(order), environ=dict(os.environ), top=os.getcwd(), fresh=self._fresh)
            )
            # For processes that load the settings anew: workers that are not forked, commands that a test starts.
            os.environ[RUN] = f"{databases.lease.folder}:{os.getpid()}"
            os.environ["DATABASE_URL"] = databases.address
            for alias in ("default", *_replicas_of("default")):
                _replace(alias, databases.address)
            databases.keep_apart(os.environ)
            adopt_all(databases)
        super().setup_test_environment(**kwargs)

    def setup_databases(self, **kwargs: Any) -> Any:
        """Django's, with one sentence where there is no server."""
        try:
            return super().setup_databases(**kwargs)
        except EcluseError as error:
            raise CommandError(str(error)) from error

    def suite_result(self, suite: Any, result: Any, **kwargs: Any) -> int:
        """The number of tests that failed. No test at all is a failure: tests were asked for."""
        failed = int(super().suite_result(suite, result, **kwargs))
        if not failed and result.testsRun == 0:
            announce(self, "ecluse: no test was run, so this is no success", logging.ERROR)
            return 1
        return failed

    def teardown_test_environment(self, **kwargs: Any) -> None:
        super().teardown_test_environment(**kwargs)
        if self._databases is None:
            return
        state = self._databases.state()
        for note in state.notes if state is not None else ():
            announce(self, f"ecluse: {note}")
        connections.close_all()
        self._databases.end()
        self._databases.put_back(os.environ)


def announce(runner: DiscoverRunner, line: str, level: int = logging.INFO) -> None:
    """Print *line* as *runner* prints its own; the runner of a Django before 4.0 has no function for that."""
    log = getattr(runner, "log", None)
    if log is not None:
        log(line, level=level)
    else:
        print(line)


def _replicas_of(database: str) -> list[str]:
    return [alias for alias in connections if connections.settings[alias]["TEST"].get("MIRROR") == database]


def _replace(alias: str, address: str) -> None:
    """Have the database *alias* be the PostgreSQL at *address*."""
    database = connections[alias].settings_dict
    if connections[alias].vendor != "postgresql":
        database.update(ENGINE="django.db.backends.postgresql", OPTIONS={})
        # The next use of the alias makes a connection of the new kind.
        connections[alias].close()
        del connections[alias]
    database["NAME"] = DATABASE
    place(database, address)
