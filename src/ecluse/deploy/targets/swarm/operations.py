"""What a rollout asks of a swarm: see :class:`ecluse.deploy.contract.Target`."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ecluse.definition.model import Environment
from ecluse.deploy import health, migrations
from ecluse.deploy.contract import Migration, Preflight
from ecluse.deploy.targets.swarm import stackfile
from ecluse.deploy.targets.swarm.build import Builder, Draft
from ecluse.deploy.targets.swarm.connection import Connection, own_name, variable
from ecluse.deploy.targets.swarm.furniture import Furniture
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.once import Once
from ecluse.deploy.targets.swarm.releases import Release, Releases
from ecluse.deploy.targets.swarm.services import Services
from ecluse.deploy.targets.swarm.tasks import failed, nodes, seconds, why
from ecluse.errors import CommandError, PreflightError, ReleaseError, RolloutError, TargetError

__all__ = ["SwarmTarget"]

GATE_SECONDS = 180.0
"""Seconds that one task may take to get ready, its image pulled before."""

DOOR_SECONDS = 60.0
"""Seconds until the front server has heard of tasks that the swarm has named."""

MOST_ERRORS = 3
"""Answers with a 5xx (but for 503) that a watch lets pass."""

PREFLIGHT_SECONDS, MIGRATE_SECONDS = 180.0, 3600.0


class SwarmTarget:
    """An environment in the swarm that *connection* reaches, as the stack *stack*."""

    def __init__(
        self,
        connection: Connection,
        environment: Environment,
        stack: str,
        builder: Callable[[Objects], Builder],
        top: Path,
        environ: Mapping[str, str],
        *,
        say: Callable[[str], None] = lambda line: None,
        gate_seconds: float = GATE_SECONDS,
    ) -> None:
        self._connection, self._api, self._environment, self._top = connection, connection.api, environment, top
        self.stack, self._say = stack, say
        self._door = variable(environ, environment.name, "ECLUSE_DOOR") or environment.url
        self.objects = Objects(self._api, stack)
        self.releases = Releases(self.objects)
        self.services = Services(connection, stack, environment.name, gate_seconds)
        self._builder = builder(self.objects)
        self._once = Once(self._api, self.objects, self.services)
        self._furniture = Furniture(self._api, self.objects, self.services, self._builder, environment.stack, say)
        self._drafts: dict[str, Draft] = {}
        self._seen: dict[str, set[str]] = {}
        self._without: dict[str, str] = {}

    def check(self) -> None:
        """Raises TargetError where this is no manager of a swarm."""
        swarm = self._api.get("/info")["Swarm"]
        host = variable(self._connection.environ, self._environment.name, "DOCKER_HOST")
        if swarm["LocalNodeState"] != "active":
            make = f"{f'docker --host {host}' if host else 'docker'} swarm init: one machine is enough"
            unset = own_name(self._environment.name, "DOCKER_HOST")
            raise TargetError(
                "this engine is not in a swarm",
                where=self._connection.name,
                hint=make if host else f"{unset} is not set, which names another one; or here: {make}",
            )
        if not swarm.get("ControlAvailable"):
            managers = ", ".join(one["Addr"] for one in swarm.get("RemoteManagers") or ())
            raise TargetError(
                "this engine is a worker of its swarm", where=self._connection.name, hint=f"ask a manager: {managers}"
            )

    def stage(self, release_id: str) -> None:
        release = self._prepared(release_id)
        draft = self._drafts.get(release_id)
        if draft is None and not self.services.existing():  # stopped: databases and front server have gone with it
            draft = self._builder.draft(release.image, release.front, release.commit)
        if draft is not None:
            self._furniture.complete(draft)
        self.releases.keep(release)
        for line in self._once.files(release, "add"):
            self._say(line)

    def preflight(self, release_id: str) -> Preflight:
        flags = ("--deploy",) if self._environment.faces_world else ()
        try:
            release = self._kept(release_id)
            lines = self._once.migrations(
                release, "preflight", *flags, timeout=PREFLIGHT_SECONDS, until=migrations.MARK
            )
        except CommandError as error:
            raise PreflightError(f"the checks of release {release_id} fail: {error}") from None
        line = next((line for line in lines if line.startswith(migrations.MARK)), None)
        if line is None:
            said = "\n".join(["", *lines[-5:]]) if lines else " nothing: does the engine keep logs?"
            raise PreflightError(f"what the checks of release {release_id} found cannot be read; the swarm says{said}")
        found = json.loads(line.removeprefix(migrations.MARK))
        pending = tuple(Migration(one["name"], one["sql"], tuple(one["unsafe"])) for one in found["pending"])
        return Preflight(pending, frozenset(found["unknown"]))

    def look(self, release_id: str) -> Preflight | None:
        # Where nothing has been rolled out, there is no database of this environment to be asked.
        if not self.services.existing():
            return None
        self._prepared(release_id)
        return self.preflight(release_id)

    def migrate(self, release_id: str) -> None:
        try:
            self._once.migrations(self._kept(release_id), "migrate", timeout=MIGRATE_SECONDS)
        except CommandError as error:
            raise RolloutError(f"migrating to release {release_id} failed: {error}") from None

    def tasks(self) -> Sequence[str]:
        found = [*(draft.release for draft in self._drafts.values()), *reversed(self.releases.all())]
        if not found:
            return ()
        # In the order of the newest release; what only others have, before.
        newest = found[0].tasks
        others = dict.fromkeys(name for release in found for name in release.tasks if name not in newest)
        return (*others, *newest)

    def serving(self, task: str) -> Collection[str]:
        serving = {one.release for one in self.services.tasks(task) if one.serves and one.release}
        # A release without this task is served by its absence, once it has been brought.
        return serving | ({self._without[task]} if task in self._without else set())

    def start(self, task: str, release_id: str) -> None:
        release = self._kept(release_id)
        self._without.pop(task, None)
        if task not in release.tasks:
            self._without[task] = release_id
            return
        self._seen[task] = {one.id for one in self.services.tasks(task)}
        self.services.deploy(stackfile.part(release.stack, [task]))
        self.services.go_on(task)

    def gate(self, task: str, release_id: str) -> None:
        if task not in self._without:
            self.services.settle(task, release_id, self._seen.get(task, set()))

    def switch(self, task: str, release_id: str) -> None:
        """The swarm has named the tasks to the front. Here that is seen, through the front door."""
        if task == self._kept(release_id).web:
            health.gate(self._ask, release_id, ended=lambda: None, timeout=DOOR_SECONDS)

    def drain(self, task: str, release_id: str | None) -> None:
        if release_id is None or task in self._without:
            self.services.remove([task])

    def watch(self, release_id: str, duration: float) -> None:
        release = self._kept(release_id)
        began = seconds(self._api.get("/info")["SystemTime"])
        # What had failed before has nothing to say about how it does now.
        known = {one.id: one.state for task in release.tasks for one in self.services.tasks(task)}

        def trouble() -> str | None:
            for task in release.tasks:
                found = [one for one in self.services.tasks(task) if one.release == release_id]
                broken = [one for one in found if failed(one) and known.get(one.id) != one.state]
                if broken or any(one.id not in known for one in found):
                    return f"tasks of {task} ended and were started again: {why(broken, nodes(self._api))}"
            errors = self.services.errors(began)
            return f"{len(errors)} errors, as {errors[-1]}" if len(errors) > MOST_ERRORS else None

        health.watch(self._ask, release_id, duration, trouble=trouble, interval=0.5)

    def healthy(self, release_id: str) -> bool:
        release = self.releases.get(release_id)
        whole = release is not None and all(self.services.whole(task, release_id) for task in release.tasks)
        return whole and self._ask().good(release_id)

    def prune(self, keep: Collection[str]) -> None:
        left = self.releases.prune(keep)
        serving = next((one for one in left if one.id in self.serving(one.web)), None)
        if serving is not None:
            with suppress(CommandError):
                self._once.files(serving, "serve", *(one.id for one in left))
        self.objects.prune({name for release in left for name in release.uses()})

    def _kept(self, release_id: str) -> Release:
        release = self.releases.get(release_id)
        if release is None and release_id in self._drafts:
            release = self._drafts[release_id].release
        if release is None:
            raise ReleaseError(f"release {release_id} is not kept any more", where=self._environment.name)
        return release

    def _prepared(self, release_id: str) -> Release:
        """The release, with its files and secrets in the engine."""
        draft = self._drafts.get(release_id)
        if draft is not None:
            self.objects.make(draft.objects)
            return draft.release
        return self._kept(release_id)

    def _ask(self) -> health.Answer:
        return health.ask_at(self._door, self._environment.url)
