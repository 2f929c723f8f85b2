"""The operations of a rollout on this machine: see :class:`ecluse.deploy.contract.Operations`."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Mapping, Sequence

from ecluse.definition.model import Setup, Watch
from ecluse.deploy import health, report
from ecluse.deploy.contract import Preflight, Task
from ecluse.deploy.targets.server import rehearsal
from ecluse.deploy.targets.server.counts import Tally, together
from ecluse.deploy.targets.server.daemon import Daemon
from ecluse.deploy.targets.server.gunicorn_conf import WORKER_ENDED
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.release import ServerRelease
from ecluse.deploy.targets.server.releases import ServerReleases
from ecluse.deploy.targets.server.web import Web
from ecluse.deploy.targets.server.workers import Workers
from ecluse.errors import CommandError, PreflightError, ReleaseError, RolloutError, TargetError
from ecluse.machine import durable, process
from ecluse.migrations import bundle

__all__ = ["ServerOperations"]


class ServerOperations:
    """The environment in *place*: its *releases*, and the processes that *daemon* runs, *web* and *workers*."""

    def __init__(self, place: Place, daemon: Daemon, releases: ServerReleases, web: Web, workers: Workers) -> None:
        self.place, self.daemon, self.releases, self.web, self.workers = place, daemon, releases, web, workers

    def release(self, id: str) -> ServerRelease:
        return self.releases.get(id)

    def stage(self, release: ServerRelease) -> None:
        self.place.prepare()
        self.releases.stage(release)
        self.daemon.ensure()

    def preflight(self, release: ServerRelease, previous: str | None) -> Preflight:
        return self._preflight(release, previous)

    def look(self, release: ServerRelease, previous: str | None) -> Preflight | None:
        if self.place.listen is None or (self.daemon.database.is_own and not self.daemon.client.alive()):
            return None
        self.releases.unpack(release)
        return self._preflight(release, previous, keep=False)

    def migrate(self, release: ServerRelease) -> None:
        try:
            self._migrations(release, "migrate", *self._making())
        except CommandError as error:
            raise RolloutError(f"migrating to release {release.id} failed: {error}") from None
        for setup in self.place.environment.setup:
            given = self._given(setup)
            if given or not setup.given:
                self._command(release, setup.command, given)

    def tasks(self, *releases: ServerRelease) -> Sequence[Task[ServerRelease]]:
        workers = self.workers.tasks(*releases)
        before = [task for task in workers if not task.alone]
        return (*before, self.web, *(task for task in workers if task.alone))

    def watch(self, release: ServerRelease, limits: Watch) -> None:
        mine = self.web.slots_of(release)
        starts = {slot.name: self.daemon.states().started(slot) for slot in mine}
        workers = self.workers.starts()
        # The first answers of a process fill its caches: they say nothing about how slow it is.
        warm, settled = time.monotonic() + limits.seconds / 4, Tally()

        def trouble() -> str | None:
            nonlocal settled
            states = self.daemon.states()
            if time.monotonic() < warm:
                settled = together(slot.counts for slot in mine)
            lines = self.web.errors(mine)
            errors = [line for line in lines if not line.startswith(WORKER_ENDED)]
            ended = len(lines) - len(errors) + sum(states.started(slot) != starts[slot.name] for slot in mine)
            restarts = ["its processes ended and were started again"] * ended
            restarts += ["its workers ended and were started again"] * (self.workers.starts() != workers)
            return health.beyond(limits, health.Seen(errors, self.web.answers(mine), restarts))

        health.watch(lambda: self.web.ask_door(release), release.id, limits.seconds, trouble=trouble)
        after = together(slot.counts for slot in mine).less(settled)
        worse = health.worse(limits, _answered(self.web.before), _answered(after))
        if worse is not None:
            raise RolloutError(f"release {release.id} does worse than the one before: {worse}")

    def healthy(self, release: ServerRelease) -> bool:
        return self.workers.healthy(release) and self.web.healthy(release)

    def prune(self, keep: Collection[str]) -> None:
        serving = self.web.serving()
        if len(serving) == 1:
            release = self.release(*serving)
            self.releases.served(release)
            # What is kept is what serves, however the rollout has ended.
            self.place.secrets.keep(release.configuration.secrets)
        self.releases.prune(keep)

    def _preflight(self, release: ServerRelease, previous: str | None, *, keep: bool = True) -> Preflight:
        flags = [*report.asked(self.place.environment), *self._making(), *self._serving(previous)]
        with rehearsal.server(self.place.folder / "cache", self.daemon.database.environ) as address:
            flags += ["--server", address] if address else []
            try:
                lines = self._migrations(release, "preflight", *flags, keep=keep).splitlines()
            except CommandError as error:
                raise PreflightError(f"the checks of release {release.id} fail: {error}") from None
        found = report.preflight(lines)
        if found is None:
            raise PreflightError(f"the report of the checks of release {release.id} cannot be read")
        if keep:
            durable.write(release.facts, report.facts(lines))
        return found

    def _making(self) -> list[str]:
        """The flag that has missing databases made, where the server is the environment's own."""
        return ["--make"] if self.daemon.database.is_own else []

    def _serving(self, previous: str | None) -> list[str]:
        """The flags that have the pending migrations judged for the release *previous*."""
        if previous is None:
            return []
        with contextlib.suppress(ReleaseError, TargetError):
            known = self.releases.get(previous).facts
            return ["--serves", "--facts", str(known)] if known.is_file() else ["--serves"]
        return ["--serves"]

    def _migrations(self, release: ServerRelease, *arguments: str, keep: bool = True) -> str:
        """Run what judges and applies migrations in the release. Returns what it printed. Without *keep*, no log is
        written.

        It is read from standard input: the account that runs it may not be able to read ecluse's own folder.
        """
        return self._inside(release, ("python", "-P", "-", *arguments), input=bundle.script(), log=keep)

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
        log: bool = True,
    ) -> str:
        """Run a program of the release's virtual environment in its source, with its environment and its account."""
        account = self.place.account()
        variables = self.place.variables(release, self.daemon.database_url())
        with open(self.place.logs / "migrate.log" if log else os.devnull, "a", encoding="utf-8") as file:

            def note(piece: str) -> None:
                file.write(piece)

            return process.read(
                (release.programs / argv[0], *argv[1:]),
                cwd=release.work,
                env={**variables, **(extra or {})},
                user=account.user,
                group=account.group,
                input=input,
                on_output=note,
            ).text

    def _given(self, setup: Setup) -> dict[str, str]:
        """The variables for *setup* that are set for the command that rolls out. They are kept nowhere."""
        return {name: self.place.environ[name] for name in setup.given if self.place.environ.get(name)}


def _answered(found: Tally) -> health.Answered:
    return health.Answered(found.answers, found.errors, found.within(0.95))
