"""A service of the release, as a task that a rollout replaces."""

from __future__ import annotations

from collections.abc import Callable

from ecluse.definition.model import Watch
from ecluse.deploy import health
from ecluse.deploy.targets.swarm import stackfile
from ecluse.deploy.targets.swarm.canary import Canary
from ecluse.deploy.targets.swarm.release import SwarmRelease
from ecluse.deploy.targets.swarm.stack_services import Services
from ecluse.deploy.targets.swarm.tasks import SwarmTask

__all__ = ["ServiceTask"]

DOOR_SECONDS = 60.0
"""Seconds until the front server has heard of tasks that the swarm has named."""


class ServiceTask:
    """The service *name*; the one that the front server asks has a *canary*. *ask* asks for the readiness page
    there; *limits* hold from the first answer of its first new task, which is the *canary*'s where there is one.

    Fits :class:`ecluse.deploy.contract.Task`.
    """

    def __init__(
        self,
        name: str,
        services: Services,
        ask: Callable[[], health.Readiness],
        limits: Watch,
        canary: Canary | None = None,
    ) -> None:
        self.name, self._services, self._ask, self._limits, self._canary = name, services, ask, limits, canary
        self.visited = canary is not None
        self._seen: set[str] = set()

    def part_of(self, release: SwarmRelease) -> bool:
        return self.name in release.tasks

    def serving(self) -> set[str]:
        return {one.release for one in self._services.tasks(self.name) if one.serves and one.release}

    def start(self, release: SwarmRelease) -> None:
        if self._canary is not None:
            self._canary.end(release)
            if (serving := self.serving()) and release.id not in serving:
                self._canary.try_out(release)
        self._seen = {one.id for one in self._services.tasks(self.name)}
        content = stackfile.part(release.stack, [self.name])
        serving = self.serving()
        if self.visited and (failing := serving & self._services.failing):
            # Visitors meet errors until its tasks end. They end at once where others serve.
            content = stackfile.at_once(content, self.name, stop_first=serving > failing)
        self._services.deploy(content)
        self._services.go_on(self.name)

    def gate(self, release: SwarmRelease) -> None:
        self._services.settle(self.name, release.id, self._seen, self._errors(release) if self.visited else None)

    def _errors(self, release: SwarmRelease) -> Callable[[], str | None]:
        """A function that says which limit the new tasks have passed; None while they have passed none."""
        log = self._services.access_log()
        addresses: set[str] = set()

        def ours(task: SwarmTask) -> bool:
            return task.release == release.id and task.id not in self._seen

        def trouble() -> str | None:
            addresses.update(self._services.addresses(self.name, ours))
            if not addresses:
                return None
            log.look()
            theirs = log.of(addresses)
            return health.beyond(self._limits, health.Seen([str(one) for one in theirs if one.error], len(theirs), []))

        return trouble

    def switch(self, release: SwarmRelease) -> None:
        """The swarm has named the tasks to the front server. Here that is seen, through the front server. Then no two
        of them share a machine while another has none: one machine less costs nothing.
        """
        if self.visited:
            health.gate(self._ask, release.id, ended=lambda: None, timeout=DOOR_SECONDS)
            self._services.spread(self.name)

    def drain(self, release: SwarmRelease | None) -> None:
        """Remove the service where no release has it any more. Of an update, the swarm has ended the old tasks."""
        if release is None:
            self._services.remove([self.name])
