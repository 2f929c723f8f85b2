"""The migrated cluster of a test run: restored from the store, or migrated now and kept there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ecluse.errors import CommandError, EcluseError, ServiceError
from ecluse.services.throwaway import Server
from ecluse.testing import inability
from ecluse.testing.background import Background
from ecluse.testing.dependencies import DependencyListener
from ecluse.testing.early import Early
from ecluse.testing.fingerprint import fingerprint, roots
from ecluse.testing.options import DatabaseOptions
from ecluse.testing.store import Store, Wanted, differences
from ecluse.testing.values import values

__all__ = ["Creation", "MigratedCluster"]


class Creation(Protocol):
    """The part of Django's ``creation`` object of a connection that this package uses."""

    def templates(self) -> dict[str, str]:
        """By alias, the names that the test databases have where there are no workers; empty where not all are ours."""

    def point_all_to(self, url: str) -> None:
        """Have the connections go to the server at *url*."""

    def import_migrations(self) -> None:
        """Import the migrations, which takes a while and needs no server."""

    def migrate(self, templates: Mapping[str, str]) -> None:
        """Make the databases *templates* by migrating, and leave them with nobody connected."""


class MigratedCluster:
    """The cluster on *server* that has the migrated databases. *early* is the one that was begun before, if any."""

    def __init__(
        self, server: Server, store: Store, options: DatabaseOptions, watch: DependencyListener, early: Early | None
    ) -> None:
        self._server = server
        self._watch = watch
        self._store = store
        self._options = options
        self._early = early

    def ready(self, creation: Creation, templates: Mapping[str, str], cache: Path, notes: list[str]) -> str:
        """Start the server with the migrated databases *templates* on it, and say where they came from.

        Raises Unable where the server is known to be unable to run the migrations, or is found to be.
        """
        wanted = self._wanted(templates)
        how = "with a fresh database, as asked for"
        if not self._options.fresh:
            impossible = self._store.impossible(wanted)
            if impossible is not None:
                self._discard_early()
                raise inability.Unable(impossible)
            if self._restore(wanted, notes):
                return "database from the cache"
            how = f"migrated a new database{_changed(self._store.why_new(wanted))}"
        self._discard_early()
        values.freeze()
        created = Background(lambda: self._server.start_empty(cache))
        creation.import_migrations()
        created.finish()
        doubt = self._migrate(wanted, creation, templates)
        return f"{how}, not kept: {doubt}" if doubt else how

    def _restore(self, wanted: Wanted, notes: list[str]) -> bool:
        archive = self._store.find(wanted)
        if archive is None:
            return False
        try:
            if self._early is not None and self._early.archive == archive:
                self._early.finish()
                self._early = None
            else:
                self._discard_early()
                self._server.restore(archive)
                self._server.start()
        except FileNotFoundError:  # pruned in this very moment
            return False
        except (CommandError, ServiceError) as error:
            notes.append(
                f"the cached database {archive.name} is of no use, and was deleted: {error.what.splitlines()[0]}"
            )
            archive.unlink(missing_ok=True)
            self._early = None
            self._server.discard()
            return False
        self._use(archive)
        return True

    def _wanted(self, templates: Mapping[str, str]) -> Wanted:
        options = self._options
        names = " ".join(templates.values() if len(templates) == 1 else map("=".join, templates.items()))
        parts = fingerprint({"PostgreSQL": self._server.kind}, names, top=options.top, ignored=options.ignored)
        return Wanted(options.top, parts)

    def _migrate(self, wanted: Wanted, creation: Creation, templates: Mapping[str, str]) -> str:
        """Migrate, and keep the cluster. Returns why it is not kept; nothing where it is."""
        try:
            with self._watch.migrating():
                creation.migrate(templates)
        except Exception as error:
            why = inability.why(error)
            if why is None:
                raise
            self._store.set_impossible(wanted, why)
            self._server.discard()
            raise inability.Unable(why) from error
        self._store.set_impossible(wanted, None)
        dependencies = self._watch.found(roots())
        archive = self._store.archive(wanted, dependencies)
        changed = differences(wanted.files, self._wanted(templates).files)
        doubts = [*self._watch.doubts(), *(f"{name} were changed meanwhile" for name in changed)]
        if doubts:
            return doubts[0]
        try:
            self._store.note(wanted, dependencies, archive)
            self._server.save(archive)
            self._use(archive)
        except (OSError, EcluseError):
            # A full or read-only disk: the tests can do without a cache.
            self._server.stop()
        self._server.start()
        return ""

    def _use(self, archive: Path) -> None:
        self._store.used(archive)
        self._store.set_last(self._options.top, self._options.command, archive)

    def _discard_early(self) -> None:
        if self._early is not None:
            self._early.discard()
            self._early = None


def _changed(names: list[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f" (changed: {shown})"
