"""The operations of a rollout on this machine: see :class:`ecluse.deploy.contract.Operations`."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ecluse.definition.model import Setup, Watch
from ecluse.deploy import health, migrations
from ecluse.deploy.contract import Migration, Preflight, Task
from ecluse.deploy.migrations import MARK
from ecluse.deploy.targets.server.daemon import Daemon
from ecluse.deploy.targets.server.gunicorn_conf import WORKER_ENDED
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.release import ServerRelease
from ecluse.deploy.targets.server.releases import ServerReleases
from ecluse.deploy.targets.server.web import Web
from ecluse.deploy.targets.server.workers import Workers
from ecluse.errors import CommandError, PreflightError, RolloutError
from ecluse.machine import process

__all__ = ["ServerOperations"]


class ServerOperations:
    """The environment in *place*: its *releases*, and the processes that *daemon* runs, *web* and *workers*."""

    def __init__(self, place: Place, daemon: Daemon, releases: ServerReleases, web: Web, workers: Workers) -> None:
        self.place, self.daemon, self.releases, self.web, self.workers = place, daemon, releases, web, workers

    def release(self, id: str) -> ServerRelease:
        return self.releases.get(id)

    def stage(self, release: ServerRelease) -> None:
        self.place.prepare()
        self.place.secrets()
        self.releases.stage(release)
        self.daemon.ensure()

    def preflight(self, release: ServerRelease) -> Preflight:
        return self._preflight(release)

    def look(self, release: ServerRelease) -> Preflight | None:
        own_database = self.daemon.database_url() is not None
        if self.place.listen is None or (own_database and not self.daemon.client.alive()):
            return None
        self.releases.unpack(release)
        return self._preflight(release, keep=False)

    def migrate(self, release: ServerRelease) -> None:
        try:
            self._migrations(release, "migrate")
        except CommandError as error:
            raise RolloutError(f"migrating to release {release.id} failed: {error}") from None
        for setup in self.place.environment.setup:
            given = self._given(setup)
            if given or not setup.given:
                self._command(release, setup.command, given)

    def tasks(self, *releases: ServerRelease) -> Sequence[Task[ServerRelease]]:
        return (*self.workers.first(), self.web, *self.workers.last())

    def watch(self, release: ServerRelease, limits: Watch) -> None:
        mine = self.web.slots_of(release)
        starts = {slot.name: self.daemon.states().started(slot) for slot in mine}
        answers = sum(slot.answers for slot in mine)
        workers = self.workers.starts()

        def trouble() -> str | None:
            states = self.daemon.states()
            lines = [line for slot in mine for line in slot.errors]
            errors = [line for line in lines if not line.startswith(WORKER_ENDED)]
            ended = len(lines) - len(errors) + sum(states.started(slot) != starts[slot.name] for slot in mine)
            restarts = ["its processes ended and were started again"] * ended
            restarts += ["its workers ended and were started again"] * (self.workers.starts() != workers)
            seen = health.Seen(errors, sum(slot.answers for slot in mine) - answers, restarts)
            return health.beyond(limits, seen)

        health.watch(self.web.ask_door, release.id, limits.seconds, trouble=trouble)

    def healthy(self, release: ServerRelease) -> bool:
        return self.workers.healthy(release) and self.web.healthy(release)

    def prune(self, keep: Collection[str]) -> None:
        self.releases.prune(keep)

    def _preflight(self, release: ServerRelease, *, keep: bool = True) -> Preflight:
        flags = ("--deploy",) if self.place.environment.faces_world else ()
        try:
            output = self._migrations(release, "preflight", *flags, keep=keep)
        except CommandError as error:
            raise PreflightError(f"the checks of release {release.id} fail: {error}") from None
        found = json.loads(output.rpartition(MARK)[2].splitlines()[0])
        pending = tuple(Migration(one["name"], one["sql"], tuple(one["unsafe"])) for one in found["pending"])
        return Preflight(
            pending, frozenset(found["unknown"]), commands=any(map(self._given, self.place.environment.setup))
        )

    def _migrations(self, release: ServerRelease, *arguments: str, keep: bool = True) -> str:
        """Run migrations.py in the release. Returns what it printed. Without *keep*, no log and no secret is written.

        It is read from standard input: the account that runs it may not be able to read ecluse's own folder.
        """
        script = Path(migrations.__file__).read_text(encoding="utf-8")
        return self._inside(release, ("python", "-P", "-", *arguments), input=script, keep=keep)

    def _command(self, release: ServerRelease, command: Sequence[str], given: Mapping[str, str]) -> None:
        try:
            self._inside(release, ("python", "-P", "-m", "django", *command), extra=given)
        except CommandError as error:
            raise RolloutError(f"the site's command {command[0]} failed: {error}") from None

    def _inside(
        self,
        release: ServerRelease,
        argv: Sequence[str],
        *,
        input: str | None = None,
        extra: Mapping[str, str] | None = None,
        keep: bool = True,
    ) -> str:
        """Run a program of the release's virtual environment in its source, with its environment and its account."""
        account = self.place.account()
        variables = self.place.variables(release, self.daemon.database_url(), keep=keep)
        with open(self.place.logs / "migrate.log" if keep else os.devnull, "a", encoding="utf-8") as log:

            def note(piece: str) -> None:
                log.write(piece)

            return process.read(
                (release.programs / argv[0], *argv[1:]),
                cwd=release.app,
                env={**variables, **(extra or {})},
                user=account.user,
                group=account.group,
                input=input,
                on_output=note,
            ).text

    def _given(self, setup: Setup) -> dict[str, str]:
        """The variables for *setup* that are set for the command that rolls out. They are kept nowhere."""
        return {name: self.place.environ[name] for name in setup.given if self.place.environ.get(name)}
