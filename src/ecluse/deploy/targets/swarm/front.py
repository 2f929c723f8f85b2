"""The front server of an environment: changed on request, with the door asked before and after, and changed back where
visitors do not get through any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ecluse.deploy import health
from ecluse.deploy.targets.swarm import limits, stackfile
from ecluse.deploy.targets.swarm.api import Api, Missing
from ecluse.deploy.targets.swarm.infrastructure import Infrastructure
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.stack_services import Services
from ecluse.deploy.targets.swarm.tasks import nodes
from ecluse.errors import DefinitionError, EcluseError, TargetError
from ecluse.machine import waiting

__all__ = ["Front", "Gap"]

DOOR_SECONDS = 60.0
"""Seconds until a front server that runs has to answer at the door."""


class Front:
    """The front server among *services*. *ask* asks for the readiness page where visitors come in."""

    def __init__(
        self,
        api: Api,
        objects: Objects,
        services: Services,
        infrastructure: Infrastructure,
        ask: Callable[[], health.Readiness],
        say: Callable[[str], None],
    ) -> None:
        self._api, self._objects, self._services, self._infrastructure = api, objects, services, infrastructure
        self._ask, self._say = ask, say

    def change(self, content: stackfile.Content, image: str, serving: str | None) -> None:
        """Set the front server up, or change it to what the stack file *content* says; *serving* is the release that
        has to be seen through it.

        Raises TargetError where it is not, after changing back what was changed.
        """
        names = [name for name, role in stackfile.roles(content, image).items() if role == stackfile.FRONT]
        if not names:
            raise DefinitionError("the stack file has no service front")
        before = {name: self._spec(name) for name in names}
        self._places(content, names)
        answer = self._ask()
        if serving is not None and not answer.good(serving) and any(before.values()):
            self._say(f"the door does not answer as it should, before anything is changed: {answer}")
        seen = self._tasks(names)
        with self._objects.noting() as made, measured(self._ask) as gap:
            try:
                self._infrastructure.put(content, names)
                self._opened(names, seen, serving)
            except (EcluseError, KeyboardInterrupt) as error:
                self._back(before, serving)
                self._objects.remove(made)
                if isinstance(error, EcluseError):
                    raise TargetError(f"{error.what}\nthe front server is as it was before", hint=error.hint) from error
                raise
        if any(before.values()):
            self._say(f"the door was closed for {gap.seconds:.1f} s" if gap.seconds else "the door was never closed")

    def _spec(self, name: str) -> Mapping[str, Any] | None:
        with suppress(Missing):
            found: Mapping[str, Any] = self._api.get(f"/services/{self._services.name(name)}")["Spec"]
            return found
        return None

    def _places(self, content: stackfile.Content, names: Sequence[str]) -> None:
        """Say where the front server runs, and where it may run from now on."""
        known = nodes(self._api)
        for name in names:
            now = {one.node for one in self._services.tasks(name) if one.serves}
            may = limits.may_run_on(content["services"][name], known)
            there = " or ".join(sorted(known[one]["Description"]["Hostname"] for one in may)) or "no machine"
            if not now:
                self._say(f"{name} will run on {there}")
                continue
            here = ", ".join(sorted(known[one]["Description"]["Hostname"] for one in now if one in known))
            self._say(f"{name} runs on {here}" + ("" if now == set(may) else f", and may run on {there}"))

    def _tasks(self, names: Sequence[str]) -> set[str]:
        return {one.id for name in names for one in self._services.tasks(name)}

    def _opened(self, names: Sequence[str], seen: Collection[str], serving: str | None) -> None:
        """Return once the front server runs, and visitors get the release through it. Tasks in *seen* may have
        failed.
        """
        for name in names:
            self._services.up(name, seen)
        if serving is not None:
            try:
                health.gate(self._ask, serving, ended=lambda: None, timeout=DOOR_SECONDS)
            except EcluseError as error:
                raise TargetError(
                    f"the front server runs, but its door does not answer: {error.what}",
                    hint="does the address lead to the machine that it runs on? label that one",
                ) from None

    def _back(self, before: Mapping[str, Mapping[str, Any] | None], serving: str | None) -> None:
        self._say("changing the front server back")
        seen = self._tasks(list(before))
        for name, spec in before.items():
            if spec is None:
                self._services.remove([name])
                continue
            now = self._api.get(f"/services/{self._services.name(name)}")
            if now["Spec"] != spec:
                query = {"version": now["Version"]["Index"], "registryAuthFrom": "previous-spec"}
                self._api.post(f"/services/{now['ID']}/update", spec, **query)
        self._opened([name for name, spec in before.items() if spec is not None], seen, serving)


class Gap:
    """The longest time in which the door gave no answer: *seconds*."""

    def __init__(self, ask: Callable[[], health.Readiness], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._clock = ask, clock
        self._closed: float | None = None
        self.seconds = 0.0

    def look(self) -> None:
        """Ask the door once. Any answer, also an error, ends the gap: a front server gave it."""
        began, answer = self._clock(), self._ask()
        if not answer.status:
            self._closed = began if self._closed is None else self._closed
            return
        if self._closed is not None:
            self.seconds = max(self.seconds, self._clock() - self._closed)
            self._closed = None


@contextmanager
def measured(ask: Callable[[], health.Readiness], interval: float = 0.1) -> Iterator[Gap]:
    """Ask the door all the time while the context lasts, and once more at its end."""
    gap = Gap(ask)
    try:
        with waiting.repeated(gap.look, every=interval, name="door"):
            yield gap
    finally:
        gap.look()
