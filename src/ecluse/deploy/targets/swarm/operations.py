"""The operations of a rollout in a swarm: see :class:`ecluse.deploy.contract.Operations`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from ecluse.definition.model import Environment, Watch
from ecluse.deploy import health, report
from ecluse.deploy.contract import Preflight
from ecluse.deploy.targets.swarm.api import Api
from ecluse.deploy.targets.swarm.canary import Canary
from ecluse.deploy.targets.swarm.infrastructure import Infrastructure
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.once import Once
from ecluse.deploy.targets.swarm.one_off_jobs import NodeDown
from ecluse.deploy.targets.swarm.release import SwarmRelease, SwarmReleases
from ecluse.deploy.targets.swarm.resolve import Resolver
from ecluse.deploy.targets.swarm.service_task import ServiceTask
from ecluse.deploy.targets.swarm.stack_services import Services
from ecluse.deploy.targets.swarm.tasks import failed, nodes, why
from ecluse.errors import CommandError, PreflightError, ReleaseError, RolloutError
from ecluse.migrations.report_mark import MARK

__all__ = ["SwarmOperations"]

PREFLIGHT_SECONDS, MIGRATE_SECONDS = 180.0, 3600.0

_LOOK = 0.5
"""Seconds between two looks of the watch at the door, the log and the tasks."""


class SwarmOperations:
    """The environment in the swarm behind *api*. Visitors reach it at *door*."""

    def __init__(
        self,
        api: Api,
        environment: Environment,
        door: str,
        objects: Objects,
        releases: SwarmReleases,
        services: Services,
        once: Once,
        resolver: Resolver,
        infrastructure: Infrastructure,
        say: Callable[[str], None],
    ) -> None:
        self._api, self._environment, self._door = api, environment, door
        self._objects, self._releases, self._services, self._once = objects, releases, services, once
        self._resolver, self._infrastructure, self._say = resolver, infrastructure, say

    def release(self, id: str) -> SwarmRelease:
        found = self._releases.get(id)
        if found is None:
            known = [release for release in self._releases.all() if id and release.id.startswith(id)]
            found = known[0] if len(known) == 1 else None
        if found is None:
            raise ReleaseError(f"release {id} is not kept any more", where=self._environment.name)
        return found

    def stage(self, release: SwarmRelease) -> None:
        for line in self._drifted():
            self._say(f"{line}: this rollout resets it")
        content = release.content
        if content is None and not self._services.existing():  # stopped: databases and front server have gone with it
            content = self._resolver.of_image(release.image, release.front, release.commit).content
        if content is not None:
            self._infrastructure.complete(content, release.image)
        self._objects.make(release.objects)
        self._releases.keep(release)
        for line in self._once.files(release, "add"):
            self._say(line)

    def preflight(self, release: SwarmRelease, previous: str | None) -> Preflight:
        return self._preflight(release, previous)

    def look(self, release: SwarmRelease, previous: str | None) -> Preflight | None:
        # Where nothing has been rolled out, there is no database of this environment to be asked.
        if not self._services.existing():
            return None
        with self._objects.noting() as made:
            try:
                self._objects.make(release.objects)
                return self._preflight(release, previous, keep=False)
            finally:
                self._objects.remove(made)

    def migrate(self, release: SwarmRelease) -> None:
        try:
            self._once.migrations(release, "migrate", name="migrate", timeout=MIGRATE_SECONDS)
        except NodeDown as error:
            raise RolloutError(
                f"migrating to release {release.id} failed: {error.what}; its database undoes what was not complete",
                hint="deploy again: what was applied is not applied twice",
            ) from None
        except CommandError as error:
            raise RolloutError(f"migrating to release {release.id} failed: {error}") from None

    def tasks(self, *releases: SwarmRelease) -> Sequence[ServiceTask]:
        known = [*releases, *reversed(self._releases.all())]
        newest = known[0].tasks if known else ()
        # In the order of the newest release. Services that only other releases have go first.
        others = dict.fromkeys(name for release in known for name in release.tasks if name not in newest)
        web = {release.web for release in known}
        limits = self._environment.limits

        def canary(name: str) -> Canary | None:
            return Canary(name, self._services, self._objects, self._once, limits, self._say) if name in web else None

        return [ServiceTask(one, self._services, self.ask, limits, canary(one)) for one in (*others, *newest)]

    def watch(self, release: SwarmRelease, limits: Watch) -> None:
        log = self._services.access_log()
        # Tasks that had failed before say nothing about how the release does now.
        known = {one.id: one.state for task in release.tasks for one in self._services.tasks(task)}

        def trouble() -> str | None:
            restarts = [line for task in release.tasks for line in self._restarts(task, release, known)]
            log.look()
            # A task of the release before may have ended badly, with its machine: that is no fault of this one.
            ours = self._services.addresses(release.web, lambda task: task.release == release.id)
            others = self._services.addresses(release.web, lambda task: task.release != release.id)
            answers = log.without(others - ours)
            errors = [str(one) for one in answers if one.error]
            found = health.beyond(limits, health.Seen(errors, len(answers), restarts))
            if found is not None:
                self._services.failing.add(release.id)
            return found

        health.watch(self.ask, release.id, limits.seconds, trouble=trouble, interval=_LOOK)

    def healthy(self, release: SwarmRelease) -> bool:
        return all(self._services.whole(task, release.id) for task in release.tasks) and self.ask().good(release.id)

    def prune(self, keep: Collection[str]) -> None:
        left = self._releases.prune(keep)
        web = {one.web for one in left}
        serving = {id for task in self.tasks() if task.name in web for id in task.serving()}
        found = next((one for one in left if one.id in serving), None)
        if found is not None:
            with suppress(CommandError):
                self._once.files(found, "serve", *(one.id for one in left))
        self._objects.prune({name for release in left for name in release.uses()})

    def drift(self, release: SwarmRelease) -> list[str]:
        """The differences between the services that run and *release*, which serves."""
        return [line for task in release.tasks for line in self._services.drift(task, release.stack["services"][task])]

    def _drifted(self) -> list[str]:
        """The drift of the release that serves, where it is one that is kept."""
        serving = {one for task in self.tasks() for one in task.serving()}
        found = self._releases.get(serving.pop()) if len(serving) == 1 else None
        return self.drift(found) if found else []

    def _preflight(self, release: SwarmRelease, previous: str | None, *, keep: bool = True) -> Preflight:
        flags = report.asked(self._environment)
        flags += ["--serves"] if previous else []
        known = self._releases.facts(previous) if previous else None
        try:
            # A look has a job of its own name: it must not end the preflight of a rollout under way.
            lines = self._once.migrations(
                release,
                "preflight",
                *flags,
                name="preflight" if keep else "look",
                timeout=PREFLIGHT_SECONDS,
                until=MARK,
                facts=known,
                keep=keep,
            )
        except CommandError as error:
            raise PreflightError(f"the checks of release {release.id} fail: {error}") from None
        found = report.preflight(lines)
        if found is None:
            said = "\n".join(["", *lines[-5:]]) if lines else " nothing: does the engine keep logs?"
            raise PreflightError(
                f"the report of the checks of release {release.id} cannot be read; the swarm says{said}"
            )
        if keep:
            self._releases.keep_facts(release.id, report.facts(lines))
        return found

    def _restarts(self, task: str, release: SwarmRelease, known: dict[str, str]) -> list[str]:
        """A line for each task of the service that has ended, or was started, since it had the states *known*."""
        found = [one for one in self._services.tasks(task) if one.release == release.id]
        broken = [one for one in found if failed(one) and known.get(one.id) != one.state]
        count = max(len(broken), sum(one.id not in known for one in found))
        return [f"tasks of {task} ended and were started again: {why(broken, nodes(self._api))}"] * count

    def ask(self) -> health.Readiness:
        """Ask for the readiness page where visitors come in."""
        return health.ask_at(self._door, self._environment.url, self._environment.readiness)
