"""The migrated cluster of a test run: restored from the store, or migrated now and kept there."""

from __future__ import annotations

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

__all__ = ["Creation", "MigratedCluster"]


class Creation(Protocol):
    """The part of Django's ``creation`` object of a connection that this package uses."""

    def is_only(self) -> bool:
        """Whether the tests use one database alone."""

    def template_name(self) -> str:
        """The name that the test database has where there are no workers."""

    def point_to(self, url: str) -> None:
        """Have the connection go to the server at *url*."""

    def import_migrations(self) -> None:
        """Import the migrations, which takes a while and needs no server."""

    def migrate(self, template: str) -> None:
        """Make the database *template* by migrating, and leave it with nobody connected."""


class MigratedCluster:
    """The cluster on *server* that has the migrated database. *early* is the one that was begun before, if any."""

    def __init__(
        self, server: Server, store: Store, options: DatabaseOptions, watch: DependencyListener, early: Early | None
    ) -> None:
        self._server = server
        self._watch = watch
        self._store = store
        self._options = options
        self._early = early

    def ready(self, creation: Creation, template: str, cache: Path, notes: list[str]) -> str:
        """Start the server with the migrated database *template* on it, and say where that came from.

        Raises Unable where the server is known to be unable to run the migrations, or is found to be.
        """
        wanted = self._wanted(template)
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
        created = Background(lambda: self._server.start_empty(cache))
        creation.import_migrations()
        created.finish()
        doubt = self._migrate(wanted, creation, template)
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

    def _wanted(self, template: str) -> Wanted:
        options = self._options
        parts = fingerprint({"PostgreSQL": self._server.kind}, template, top=options.top, ignored=options.ignored)
        return Wanted(options.top, parts)

    def _migrate(self, wanted: Wanted, creation: Creation, template: str) -> str:
        """Migrate, and keep the cluster. Returns why it is not kept; nothing where it is."""
        try:
            with self._watch.migrating():
                creation.migrate(template)
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
        changed = differences(wanted.files, self._wanted(template).files)
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
