"""The PostgreSQL of one test run: started by the first of its processes that needs it, shared by all of them."""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ecluse.errors import ServiceError
from ecluse.services import libpq, postgresql_commands
from ecluse.services.kinds import POSTGRES
from ecluse.services.lease import Lease
from ecluse.services.paths import cache_folder, own_cache
from ecluse.services.sources import OWN_SOURCES, RunServer
from ecluse.services.throwaway import Server
from ecluse.testing.dependencies import DependencyListener
from ecluse.testing.early import Early
from ecluse.testing.inability import Unable
from ecluse.testing.migrated_cluster import Creation, MigratedCluster
from ecluse.testing.options import DatabaseOptions
from ecluse.testing.store import Store
from ecluse.testing.values import values

__all__ = ["DATABASE", "RUN", "Databases", "State", "begin", "is_given", "takes_part"]

DATABASE = "database"
"""The name in the address that the settings get: Django makes ``test_database`` of it."""

RUN = "ECLUSE_TEST_RUN"
"""The environment variable by which workers find the folder of their run, and its owner's process id."""


@dataclass(frozen=True)
class State:
    """The databases that the first process made for the others: the server's *url*, and the names of the migrated
    *templates*, by alias.
    """

    source: str
    url: str
    templates: dict[str, str]
    notes: list[str] = field(default_factory=list)


class Databases:
    """The server of one test run, in the folder of *lease*."""

    def __init__(self, lease: Lease, options: DatabaseOptions) -> None:
        self.lease = lease
        self.options = options
        self._server: Server | None = None
        self._early: Early | None = None
        self.watch = DependencyListener((str(lease.folder), str(cache_folder(options.environ))))
        self._aside: dict[str, str] = {}

    def hasten(self) -> None:
        """Begin to restore the cluster that the last run with this command needed, while Django is being loaded.

        Whether it is the right one is seen when it is asked for. A run that needed none begins nothing.
        """
        if self.options.fresh or not cache_folder(self.options.environ).exists():
            return
        archive = self._store.last(self.options.top, self.options.command)
        source = OWN_SOURCES[self.options.order[0]]
        if archive is None or source.why_not(POSTGRES, self.options.environ) is not None:
            return
        server = source.server(POSTGRES, self.lease, self.options.environ).restorable()
        if server is not None:
            self._early = Early(server, archive)

    @property
    def address(self) -> str:
        """The address for ``DATABASE_URL``, known before there is a server."""
        return postgresql_commands.socket_url(self.lease.folder, DATABASE)

    def state(self) -> State | None:
        """The databases of this run; None before a test has asked for one."""
        try:
            return State(**json.loads(self._state_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def ready(self, creation: Creation) -> State:
        """See that there is a server, with migrated templates where *creation* can have them."""
        try:
            with self.lease.lock():
                state = self.state()
                if state is None:
                    state = self._bring_up(creation)
                    self._state_file.write_text(json.dumps(asdict(state)), encoding="utf-8")
                return state
        finally:
            self.listen_no_more()

    def listen_no_more(self) -> None:
        """No test database will be made of what is asked from now on."""
        self.watch.hearing.end()
        values.end()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """While a worker clones: the template must have nobody connected to it."""
        with self.lease.lock():
            yield

    def keep_apart(self, environ: MutableMapping[str, str]) -> None:
        """Take variables that lead libpq to other servers out of *environ*, the process's own, until the end."""
        self._aside.update(libpq.set_aside(environ))

    def put_back(self, environ: MutableMapping[str, str]) -> None:
        """Put the variables back into *environ*."""
        environ.update(self._aside)
        self._aside.clear()

    def end(self) -> None:
        """Let go of the server. It ends with the last one's call, or death."""
        self.listen_no_more()
        if self._early is not None:
            self._early.discard()
        if self._server is not None:
            self._server.hand_over()
        self.lease.release()

    @property
    def _store(self) -> Store:
        return Store(self._cache / "clusters")

    @property
    def _cache(self) -> Path:
        return self._checked_cache[0]

    @functools.cached_property
    def _checked_cache(self) -> tuple[Path, str | None]:
        return own_cache(self.options.environ, otherwise=self.lease.folder / "cache")

    @property
    def _state_file(self) -> Path:
        return self.lease.folder / "state.json"

    def _bring_up(self, creation: Creation) -> State:
        """The server of the first source that can do what the migrations need. Raises ServiceError with each reason."""
        _folder, refused = self._checked_cache
        notes: list[str] = [refused] if refused else []
        reasons: list[str] = []
        for name in self.options.order:
            reason = OWN_SOURCES[name].why_not(POSTGRES, self.options.environ)
            if reason is not None:
                reasons.append(f"{name}: {reason}")
                continue
            try:
                return self._start(name, creation, notes)
            except Unable as error:
                # Only an embedded server says so. What it cannot do, an image may.
                reasons.append(f"{name}: it cannot run the migrations: {error.why}")
                notes.append(f"the {name} PostgreSQL cannot run the migrations ({error.why}), a container may")
        hint = "give one (DATABASE_URL), or use the settings' own database: ECLUSE_POSTGRES=given"
        # A test that fails shows the error, not its hint.
        raise ServiceError("\n  ".join(["no PostgreSQL for the tests", *reasons, hint]), hint=hint)

    def _start(self, name: str, creation: Creation, notes: list[str]) -> State:
        """The server of the source *name*, with migrated templates where it has all databases of the tests."""
        server = self._early_or(OWN_SOURCES[name].server(POSTGRES, self.lease, self.options.environ))
        self._server = cached = server.restorable()
        templates = creation.templates()
        if not templates:
            self._discard_early()
            server.start_empty(self._cache)
            note = f"{server}; databases of other servers, so none is cached"
        elif cached is None:
            server.start_empty(self._cache)
            creation.point_all_to(server.url(DATABASE))
            creation.migrate(templates)
            note = str(server)
        else:
            cluster = MigratedCluster(cached, self._store, self.options, self.watch, self._early)
            self._early = None
            note = f"{server}, {cluster.ready(creation, templates, self._cache, notes)}"
        return State(name, server.url(DATABASE), templates, [*notes, note])

    def _early_or(self, server: RunServer) -> RunServer:
        """The server that was begun early, where one was, instead of the new *server*."""
        return self._early.server if self._early is not None and server.restorable() is not None else server

    def _discard_early(self) -> None:
        if self._early is not None:
            self._early.discard()
            self._early = None


def begin(options: DatabaseOptions) -> Databases:
    """The databases of the run that this process is a worker of, or of a new one. No server is started.

    Where no source can provide a server, the first test that asks for a database is told so. From now on, until one is
    asked for, what the project asks of its files is heard.
    """
    folder = takes_part(options.environ)
    databases = Databases(Lease.take(options.environ) if folder is None else Lease.join(folder), options)
    databases.watch.hearing.begin()
    values.begin()
    return databases


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
