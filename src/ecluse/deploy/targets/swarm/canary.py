"""The canary of a release: its first task, as a service of its own, answers a share of the visitors for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

from ecluse.definition.model import Watch
from ecluse.deploy import health
from ecluse.deploy.targets.swarm import stackfile
from ecluse.deploy.targets.swarm.ledger import SwarmLedger
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.once import Once
from ecluse.deploy.targets.swarm.release import SwarmRelease
from ecluse.deploy.targets.swarm.stack_services import Services
from ecluse.deploy.targets.swarm.tasks import failed
from ecluse.errors import RolloutError

__all__ = ["Canary"]

_LOOK = 0.5
"""Seconds between two looks at the answers."""


class Canary:
    """The canary of the service *web*. The front server gives it visitors while there are files for that on its volume:
    see static.py.
    """

    def __init__(
        self,
        web: str,
        services: Services,
        objects: Objects,
        once: Once,
        limits: Watch,
        say: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name, self._web = f"{web}-canary", web
        self._services, self._objects, self._once = services, objects, once
        self._limits, self._say, self._clock, self._sleep = limits, say, clock, sleep

    def end(self, release: SwarmRelease) -> None:
        """Take the canary, of whatever release, away from visitors, and end it. *release* is one that can be run."""
        if self._name in self._services.existing():
            self._once.files(release, "share", "0", name="share")
            self._services.remove([self._name])

    def try_out(self, release: SwarmRelease) -> None:
        """Let the canary of *release* answer visitors, and end it. Raises RolloutError where it does not do well.

        A release that has served here before needs none, nor does one that no front server would give visitors. Where
        web has one task, the canary would answer nearly as much as its only follower: there is none.
        """
        if not self._limits.canary_seconds or not self._possible(release):
            return
        try:
            seen = {one.id for one in self._services.tasks(self._name)}
            self._services.deploy(stackfile.canary(release.stack, self._web, self._name))
            self._services.settle(self._name, release.id, seen)
            self._answer(release)
        finally:
            self.end(release)

    def _possible(self, release: SwarmRelease) -> bool:
        static = stackfile.STATIC in stackfile.roles(release.stack, release.image).values()
        front = stackfile.FRONT in self._services.existing()
        several = self._services.meant(self._web, release.stack["services"][self._web]) > 1
        return (
            several
            and static
            and front
            and all(one.serving != release.id for one in SwarmLedger(self._objects).history())
        )

    def _answer(self, release: SwarmRelease) -> None:
        log = self._services.access_log()
        addresses: set[str] = set()
        self._once.files(release, "share", str(self._limits.canary_share), self._name, name="share")
        began = self._clock()
        while True:
            tasks = self._services.tasks(self._name)
            addresses |= self._services.addresses(self._name, lambda task: task.release == release.id)
            log.look()
            answers = log.of(addresses)
            errors = [str(one) for one in answers if one.error]
            restarts = [f"its task ended: {one.error}" for one in tasks if failed(one)]
            found = health.Seen(errors, len(answers), restarts)
            if (wrong := health.beyond(self._limits, found)) is not None:
                raise RolloutError(f"the canary of release {release.id} does not do well: {wrong}")
            if self._clock() - began >= self._limits.canary_seconds:
                break
            self._sleep(_LOOK)
        self._say(f"the canary gave {len(answers)} answers, {len(errors)} of them errors")
