"""The PostgreSQL of one test run: brought up by the first of its processes that needs it, shared by all of them."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ecluse import services
from ecluse.definition.model import Service
from ecluse.errors import CommandError, EcluseError, ServiceError
from ecluse.services import commands, container, keeper
from ecluse.services.lease import Lease
from ecluse.services.paths import cache_folder
from ecluse.services.throwaway import Server
from ecluse.testing import inability
from ecluse.testing.background import Background
from ecluse.testing.dependencies import Watch
from ecluse.testing.fingerprint import fingerprint, roots
from ecluse.testing.store import Store, Wanted

if TYPE_CHECKING:
    from ecluse.testing.creation import Cloned

__all__ = ["DATABASE", "RUN", "Databases", "Options", "State", "begin", "is_given", "takes_part"]

DATABASE = "database"
"""The name in the address that the settings get: Django makes ``test_database`` of it."""

RUN = "ECLUSE_TEST_RUN"
"""The environment variable by which workers find the folder of their run, and its owner's process id."""

_SERVICE = Service(name="postgres", kind="postgres", version="18")


@dataclass(frozen=True)
class Options:
    """What a run was asked for. *order* are the sources to try, *fresh* means that no cached cluster is used.

    *top* is the project's folder, *ignored* are names of settings that do not decide what a database looks like,
    *command* is what the user typed, by which the next run knows what this one needed. *replace* says to use none of
    the servers that the settings name, not even one that is not from ``DATABASE_URL``.
    """

    order: tuple[str, ...]
    environ: Mapping[str, str]
    top: str
    fresh: bool = False
    ignored: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    replace: bool = False


@dataclass(frozen=True)
class State:
    """What the first process made, for the others: the server's *url*, and the migrated *template*'s name there."""

    source: str
    url: str
    template: str | None
    notes: list[str] = field(default_factory=list)


class Databases:
    """The server of one test run, in the folder of *lease*."""

    def __init__(self, lease: Lease, options: Options) -> None:
        self.lease = lease
        self.options = options
        self._server: Server | None = None
        self._early: tuple[Path, Server, Background] | None = None

    def hasten(self) -> None:
        """Begin to restore the cluster that the last run with this command needed, while Django is being loaded.

        Whether it is the right one is seen when it is asked for. A run that needed none begins nothing.
        """
        archive = self._store.last(self.options.top, self.options.command) if not self.options.fresh else None
        if archive is None or self.options.order[0] != "embedded":
            return
        server = Server.of(self.lease, _SERVICE.version, self.options.environ)

        def restore() -> None:
            server.restore(archive)
            server.start()

        self._early = archive, server, Background(restore)

    @property
    def address(self) -> str:
        """The address for ``DATABASE_URL``, known before there is a server."""
        return commands.socket_url(self.lease.folder, DATABASE)

    def state(self) -> State | None:
        """What there is; None before a test has asked for a database."""
        try:
            return State(**json.loads(self._state_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def ready(self, creation: Cloned) -> State:
        """See that there is a server, with a migrated template where *creation* can have one."""
        with self.lease.lock():
            state = self.state()
            if state is None:
                state = self._bring_up(creation)
                self._state_file.write_text(json.dumps(asdict(state)), encoding="utf-8")
            return state

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """While a worker clones: the template must have nobody connected to it."""
        with self.lease.lock():
            yield

    def end(self) -> None:
        """This process needs it no more. The server ends with the last one's call, or death."""
        self._too_early()
        if self._server is not None:
            self._server.hand_over()
        self.lease.release()

    @property
    def _store(self) -> Store:
        return Store(cache_folder(self.options.environ) / "clusters")

    @property
    def _state_file(self) -> Path:
        return self.lease.folder / "state.json"

    def _bring_up(self, creation: Cloned) -> State:
        notes: list[str] = []
        reasons: list[str] = []
        for source in self.options.order:
            reason = services.SOURCES[source].why_not(_SERVICE, self.options.environ) if source != "given" else None
            if reason is not None:
                reasons.append(f"{source}: {reason}")
            elif source != "given":
                try:
                    return (self._embedded if source == "embedded" else self._container)(creation, notes)
                except inability.Unable as error:
                    # Only an embedded server says so. What it cannot do, an image may.
                    reasons.append(f"{source}: it cannot run the migrations: {error.why}")
                    notes.append(f"the embedded PostgreSQL cannot run the migrations ({error.why}), a container may")
        raise ServiceError(
            "\n  ".join(["no PostgreSQL for the tests", *reasons]),
            hint="give one (DATABASE_URL), or allow a container: --postgres embedded,container",
        )

    def _container(self, creation: Cloned, notes: list[str]) -> State:
        image = container.image_of(_SERVICE, self.options.environ)
        url = keeper.start(image, self.lease, self.options.environ)
        creation.point_to(url)
        template = creation.template_name() if creation.is_only() else None
        if template is not None:
            creation.migrate(template)
        return State("container", url, template, [*notes, f"PostgreSQL in a container of {image}"])

    def _embedded(self, creation: Cloned, notes: list[str]) -> State:
        server = self._early[1] if self._early else Server.of(self.lease, _SERVICE.version, self.options.environ)
        self._server = server
        name = f"PostgreSQL {server.binaries.version} (embedded)"
        cache = cache_folder(self.options.environ)
        empty = cache / f"empty-{server.kind}.tar"
        if not creation.is_only():
            self._too_early()
            server.create(empty)
            server.start()
            return State(
                "embedded", server.url(DATABASE), None, [*notes, f"{name}; several databases, so none is cached"]
            )
        template = creation.template_name()
        wanted = Wanted(
            self.options.top,
            fingerprint({"PostgreSQL": server.kind}, template, top=self.options.top, ignored=self.options.ignored),
        )
        store = self._store
        how = "with a fresh database, as asked for"
        if not self.options.fresh:
            impossible = store.impossible(wanted)
            if impossible is not None:
                raise inability.Unable(impossible)
            if self._restore(server, store, wanted, notes):
                return State("embedded", server.url(DATABASE), template, [*notes, f"{name}, database from the cache"])
            changed = store.why_new(wanted)
            how = f"migrated a new database{_changed(changed)}"
        self._too_early()

        def create() -> None:
            server.create(empty)
            server.start()

        created = Background(create)
        creation.import_migrations()
        created.finish()
        self._migrate(server, store, wanted, creation, template)
        return State("embedded", server.url(DATABASE), template, [*notes, f"{name}, {how}"])

    def _restore(self, server: Server, store: Store, wanted: Wanted, notes: list[str]) -> bool:
        archive = store.find(wanted)
        if archive is None:
            return False
        try:
            if self._early is not None and self._early[0] == archive:
                self._early[2].finish()
                self._early = None
            else:
                self._too_early()
                server.restore(archive)
                server.start()
        except FileNotFoundError:  # pruned in this very moment
            return False
        except (CommandError, ServiceError) as error:
            notes.append(
                f"the cached database {archive.name} is of no use, and was deleted: {error.what.splitlines()[0]}"
            )
            archive.unlink(missing_ok=True)
            self._early = None
            server.discard()
            return False
        store.used(archive)
        store.set_last(self.options.top, self.options.command, archive)
        return True

    def _too_early(self) -> None:
        """What was begun is not what is needed."""
        if self._early is not None:
            _archive, server, begun = self._early
            self._early = None
            with contextlib.suppress(EcluseError, OSError):
                begun.finish()
            server.discard()

    def _migrate(self, server: Server, store: Store, wanted: Wanted, creation: Cloned, template: str) -> None:
        watch = Watch()
        try:
            with watch.watching():
                creation.migrate(template)
        except Exception as error:
            why = inability.why(error)
            if why is None:
                raise
            store.set_impossible(wanted, why)
            server.discard()
            raise inability.Unable(why) from error
        store.set_impossible(wanted, None)
        try:
            archive = store.place(wanted, watch.found(roots()))
            server.save(archive)
            store.used(archive)
            store.set_last(self.options.top, self.options.command, archive)
        except (OSError, EcluseError):
            # A full or read-only disk: the tests can do without a cache.
            server.stop()
        server.start()


def _changed(names: list[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f" (changed: {shown})"


def begin(options: Options) -> Databases:
    """The databases of the run that this process is a worker of, or of a new one.

    Nothing is started. Raises ServiceError where no source can provide a server.
    """
    folder = takes_part(options.environ)
    if folder is not None:
        return Databases(Lease.join(folder), options)
    services.choose(_SERVICE, options.environ, options.order)
    return Databases(Lease.take(options.environ), options)


def is_given(environ: Mapping[str, str]) -> bool:
    """Whether somebody has set ``DATABASE_URL``, other than a test run that started this process."""
    url = environ.get("DATABASE_URL", "")
    folder = environ.get(RUN, "").rpartition(":")[0]
    return bool(url) and not (folder and folder in url)


def takes_part(environ: Mapping[str, str]) -> Path | None:
    """The folder of the run that this process is a worker of; None where it is on its own."""
    folder, _, owner = environ.get(RUN, "").rpartition(":")
    # The variable is inherited by everything that the tests start: only the runner's own children are its workers.
    return Path(folder) if "PYTEST_XDIST_WORKER" in environ and owner == str(os.getppid()) else None
