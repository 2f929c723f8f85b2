"""The workers of an environment: programs beside the site, as Celery's worker and beat."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any

from ecluse.definition.model import Worker
from ecluse.deploy.targets.server.daemon import Daemon
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.slots import Slot
from ecluse.deploy.targets.server.supervisor import ALIVE
from ecluse.errors import RolloutError, TargetError

__all__ = ["Workers"]


class Workers:
    """Those of *place*, run by *daemon*. Each has two slots: what works is in one, the next is started in the other."""

    def __init__(self, place: Place, daemon: Daemon, gate_seconds: float) -> None:
        self._place, self._daemon, self._gate_seconds = place, daemon, gate_seconds
        self._workers = {worker.name: worker for worker in place.environment.workers}

    def first(self) -> list[str]:
        """Those that are replaced before the site."""
        return [name for name, worker in self._workers.items() if not worker.alone]

    def last(self) -> list[str]:
        """Those that are replaced after it."""
        return [name for name, worker in self._workers.items() if worker.alone]

    def serving(self, name: str) -> Collection[str]:
        """The releases whose worker works now."""
        return {slot.release for slot in self._alive(name) if slot.is_open and slot.release}

    def start(self, name: str, release_id: str) -> None:
        """Start the release's worker: beside the old one, or where it must be alone, after that has ended."""
        worker = self._workers[name]
        states = self._states()
        if any(slot.name not in states for slot in self._daemon.workers[name]):
            raise TargetError(
                f"Supervisor was started when {self._place.environment.name} had no worker {name!r}",
                hint=f"./ecluse stop {self._place.environment.name}, then deploy: this once the site is away",
            )
        if any(slot.release == release_id for slot in self._alive(name)):
            return
        if worker.alone:
            self.drain(name, release_id)
        taken = self._alive(name)
        free = [slot for slot in self._daemon.workers[name] if slot not in taken and slot.process() is None]
        if not free:
            # Left by a rollout that was interrupted: it never took over, or is still ending.
            free = [slot for slot in self._daemon.workers[name] if not slot.is_open]
            self._daemon.drain([slot.name for slot in free], worker.grace)
        self._describe(worker, free[0], release_id)
        self._daemon.client.start(free[0].name)

    def gate(self, name: str, release_id: str) -> None:
        """Return once the started worker is ready; raise RolloutError where it ends, or is not in time."""
        worker = self._workers[name]
        began = time.monotonic()
        for slot in self._of(name, release_id):
            while not slot.is_open and not (
                self._state(slot) == "RUNNING" and (not worker.sign or (slot.folder / worker.sign).exists())
            ):
                late = time.monotonic() - began > self._gate_seconds
                if late or self._state(slot) not in ("STARTING", "RUNNING"):
                    why = f"not ready within {self._gate_seconds:g} s" if late else "its process ended"
                    log = self._place.logs / f"{name}-{slot.number}.log"
                    raise RolloutError(f"{name} of release {release_id}: {why}", where=str(log))
                time.sleep(0.05)

    def switch(self, name: str, release_id: str) -> None:
        """Have Supervisor keep the started worker: it takes work since it has been ready."""
        mine = self._of(name, release_id)
        if not mine:
            raise RolloutError(f"release {release_id} has no {name} to switch to")
        for slot in mine:
            slot.open()

    def drain(self, name: str, release_id: str | None) -> None:
        """End every worker that is not the release's: each finishes what it has."""
        others = [slot for slot in self._daemon.workers[name] if release_id is None or slot.release != release_id]
        states = self._states()
        self._daemon.drain([slot.name for slot in others if slot.name in states], self._workers[name].grace)
        for slot in others:
            slot.clear()

    def healthy(self, release_id: str) -> bool:
        """Whether each has one worker, which is the release's."""
        alive = (self._alive(name) for name in self._workers)
        return all([(slot.release, slot.is_open) for slot in slots] == [(release_id, True)] for slots in alive)

    def starts(self) -> Mapping[str, Any]:
        """When each that works was started, by its slot: another time is another process."""
        states = self._states()
        return {slot.name: states[slot.name]["start"] for name in self._workers for slot in self._alive(name)}

    def _describe(self, worker: Worker, slot: Slot, release_id: str) -> None:
        folder = self._place.releases / release_id
        # Its scratch files are in its slot, and among them the sign that it is ready.
        variables = self._place.variables(release_id, folder, self._daemon.database_url())
        variables["TMPDIR"] = str(slot.folder)
        program, *arguments = (part.replace("{slot}", str(slot.number)) for part in worker.command)
        argv = (str(folder / "venv" / "bin" / program), *arguments)
        slot.describe(release_id, folder / "app", argv, variables, self._place.account())
        if worker.sign:
            (slot.folder / worker.sign).unlink(missing_ok=True)

    def _of(self, name: str, release_id: str) -> list[Slot]:
        return [slot for slot in self._alive(name) if slot.release == release_id]

    def _alive(self, name: str) -> list[Slot]:
        states = self._states()
        return [slot for slot in self._daemon.workers[name] if states.get(slot.name, {}).get("statename") in ALIVE]

    def _state(self, slot: Slot) -> str:
        return str(self._states().get(slot.name, {}).get("statename", "STOPPED"))

    def _states(self) -> Mapping[str, Mapping[str, Any]]:
        try:
            return self._daemon.client.states()
        except TargetError:
            return {}
