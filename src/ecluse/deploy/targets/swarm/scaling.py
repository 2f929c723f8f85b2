"""``ecluse scale``: another number of tasks for services of the release that serves."""

from __future__ import annotations

from collections.abc import Mapping

from ecluse.deploy.targets.swarm import stackfile
from ecluse.deploy.targets.swarm.counts import Counts
from ecluse.deploy.targets.swarm.release import SwarmRelease
from ecluse.deploy.targets.swarm.stack_services import Services
from ecluse.errors import EcluseError, TargetError

__all__ = ["Scaling"]


class Scaling:
    """Changes how many tasks the services of a release have, now and in the rollouts that follow."""

    def __init__(self, services: Services, counts: Counts) -> None:
        self._services, self._counts = services, counts

    def change(self, release: SwarmRelease, wanted: Mapping[str, int | None]) -> list[str]:
        """Give services the numbers of tasks *wanted*; None: as many as *release* says. Returns once they run.

        Raises TargetError where one cannot have that many, before anything changes. Where new tasks do not run, that
        service has as many as before, and RolloutError says why.
        """
        for name, count in wanted.items():
            self._check(release, name, count)
        for name, count in wanted.items():
            self._give(release, name, count)
        given = self._counts.all()
        return [self._line(release, name, given.get(name)) for name in release.tasks]

    def _check(self, release: SwarmRelease, name: str, count: int | None) -> None:
        if name not in release.tasks:
            known = ", ".join(release.tasks)
            raise TargetError(f"{name} is no service of release {release.id}", hint=f"these can be scaled: {known}")
        deploy = release.stack["services"][name].get("deploy") or {}
        if "global" in str(deploy.get("mode", "")):
            raise TargetError(f"{name} has one task on each machine: it has no number of tasks")
        if count is not None and count < 1:
            raise TargetError(f"{name} cannot have {count} tasks", hint="./ecluse stop ends an environment")
        first = (deploy.get("update_config") or {}).get("order")
        if count is not None and count > 1 and first != "start-first":
            raise TargetError(
                f"{name} never runs twice: the stack file ends its task before it starts the next one",
                hint=f"with update_config.order: start-first {name} may have more tasks",
            )

    def _give(self, release: SwarmRelease, name: str, count: int | None) -> None:
        before = self._counts.all().get(name)
        seen = {one.id for one in self._services.tasks(name)}
        self._counts.keep(name, count)
        try:
            self._services.scale(name, self._meant(release, name))
            self._services.settle(name, release.id, seen)
        except EcluseError:
            self._counts.keep(name, before)
            self._services.scale(name, self._meant(release, name))
            raise
        if name == release.web:
            self._services.spread(name)

    def _meant(self, release: SwarmRelease, name: str) -> int:
        return self._services.meant(name, release.stack["services"][name])

    def _line(self, release: SwarmRelease, name: str, given: int | None) -> str:
        said = stackfile.count_of(release.stack["services"][name])
        now = f"{name} has {self._services.count(name)}"
        return now if given is None else f"{now}, given by ecluse scale; release {release.id} says {said}"
