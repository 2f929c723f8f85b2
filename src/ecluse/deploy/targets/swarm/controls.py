"""The target ``swarm`` as the commands need it: what it keeps, what runs, what was printed; see
:class:`ecluse.deploy.targets.Managed`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from ecluse.deploy.contract import Ledger
from ecluse.deploy.lock import Holder
from ecluse.deploy.maintenance import Maintenance
from ecluse.deploy.targets.swarm.api import Conflict
from ecluse.deploy.targets.swarm.build import Draft
from ecluse.deploy.targets.swarm.ledger import Lock, SwarmLedger
from ecluse.deploy.targets.swarm.target import SwarmTarget
from ecluse.deploy.targets.swarm.tasks import nodes
from ecluse.errors import ReleaseError, TargetError
from ecluse.image.source import source_of

__all__ = ["Swarm"]

_MAINTENANCE = "maintenance"


class Swarm(SwarmTarget):
    """An environment in a swarm."""

    @property
    def url(self) -> str:
        return self._environment.url

    def newest(self) -> str:
        """The id of the release that the checked-out commit is, with the configuration as it is now."""
        return self._remember(self._builder.of_commit(source_of(self._top).commit))

    def find(self, name: str) -> str:
        """The id of the release *name*: a kept one or the only one that begins so, a digest, or a whole commit."""
        kept = [release.id for release in self.releases.all() if release.id.startswith(name)]
        if name in kept or (name and len(kept) == 1):
            return name if name in kept else kept[0]
        if len(kept) > 1:
            raise ReleaseError(f"{name} is the beginning of several: {', '.join(kept)}")
        if len(name) == 40 and not set(name) - set("0123456789abcdef"):
            return self._remember(self._builder.of_commit(name))
        return self._remember(self._builder.of_digest(name))

    def kept(self, release_id: str) -> bool:
        """Whether the release can be gone back to."""
        return self.releases.get(release_id) is not None

    def commit(self, release_id: str) -> str | None:
        """The commit that the release was made of."""
        release = self._drafts[release_id].release if release_id in self._drafts else self.releases.get(release_id)
        return release.commit if release else None

    def ledger(self) -> Ledger:
        return SwarmLedger(self.objects)

    @contextmanager
    def held(self, *, who: str, host: str, what: str, commit: str | None = None) -> Iterator[Ledger]:
        """Hold the environment's lock; yields the ledger to write to."""
        with self._lock.held(who=who, host=host, what=what, commit=commit) as check:
            self._once.clear()
            yield SwarmLedger(self.objects, check)

    def holder(self) -> Holder | None:
        return self._lock.holder()

    def unlock(self) -> None:
        self._lock.remove()

    def maintenance(self) -> Maintenance | None:
        kept = self.objects.get(_MAINTENANCE)
        return None if kept is None or kept.data is None else Maintenance.from_json(json.loads(kept.data))

    def maintain(self, wanted: Maintenance | None) -> None:
        """A file on the volume of the front server, which looks for it at each request; on each node that has one."""
        serving = next((one for task in self.tasks() for one in self.serving(task)), None)
        if serving is None:
            raise TargetError(f"{self._environment.name} serves nothing that could be closed")
        if wanted is None:
            self._once.files(self._kept(serving), "open", name=_MAINTENANCE)
            if self.objects.get(_MAINTENANCE) is not None:
                self.objects.delete(f"{self.stack}_{_MAINTENANCE}")
            return
        with suppress(Conflict):
            self.objects.create(_MAINTENANCE, _MAINTENANCE, json.dumps(wanted.as_json()).encode())
        self._once.files(self._kept(serving), "close", name=_MAINTENANCE)

    def stop(self) -> None:
        """End all services. Volumes, releases, secrets and history stay."""
        there = self.services.existing()
        serving = [task for task in self.tasks() if task in there]
        self.services.remove(serving)
        self.services.remove(sorted(there - set(serving)))

    def processes(self) -> list[dict[str, object]]:
        """The tasks that are meant to run, as the managers know them."""
        known = nodes(self._api)
        return [
            {
                "task": f"{task}.{one.slot or one.node[:6]}",
                "release": one.release,
                "state": one.state,
                "node": known[one.node]["Description"]["Hostname"] if one.node in known else None,
                "seconds": max(0, round(time.time() - one.since_epoch)),
                "ready": one.serves,
                "error": one.error,
            }
            for task in self.tasks()
            for one in self.services.tasks(task)
            if one.wanted
        ]

    def logs(self, what: str, lines: int, follow: bool) -> int:
        """Print what containers printed, on whatever node they are. Returns docker's exit code."""
        there = self.services.existing()
        if what not in there:
            known = ", ".join(sorted(there))
            raise TargetError(f"no service {what!r} runs in {self._environment.name}", hint=f"there are: {known}")
        options = ("--follow",) if follow else ()
        name = self.services.name(what)
        return self._connection.attached("service", "logs", "--raw", "--tail", str(lines), *options, name)

    def exec(self, what: str, command: Sequence[str], *, terminal: bool) -> int:
        """Run *command* in a container of *what* on the engine we are connected to. Returns its exit code."""
        here = self._api.get("/info")["Swarm"]["NodeID"]
        found = [one for one in self.services.tasks(what) if one.serves and one.container]
        for one in found:
            if one.node == here and one.container:
                options = ("--interactive", "--tty") if terminal else ("--interactive",)
                return self._connection.attached("exec", *options, one.container, *command)
        where = {nodes(self._api)[one.node]["Description"]["Hostname"] for one in found}
        raise TargetError(
            f"no task of {what} runs on {self._connection.name}",
            hint=f"they run on {', '.join(sorted(where))}: DOCKER_HOST=ssh://… of one of them" if where else None,
        )

    def front(self) -> None:
        """Set the front server up, or change it to what the stack file says now: the one thing that a rollout leaves
        alone.
        """
        self._furniture.front(self._drafts[self.newest()])

    def _remember(self, draft: Draft) -> str:
        self._drafts[draft.release.id] = draft
        return draft.release.id

    @property
    def _lock(self) -> Lock:
        return Lock(self._api, self.objects, self._environment.name)
