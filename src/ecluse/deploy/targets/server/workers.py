"""The workers of an environment: programs beside the site, as Celery's worker and beat."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from ecluse.definition.model import Worker
from ecluse.deploy.targets.server.daemon import Daemon
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.release import ServerRelease
from ecluse.deploy.targets.server.slots import Slot, worker_slots
from ecluse.errors import RolloutError
from ecluse.machine.waiting import until

__all__ = ["WorkerTask", "Workers"]


class WorkerTask:
    """A worker of an environment. It has two slots: one works, and the next release's is started in the other.

    Fits :class:`ecluse.deploy.contract.Task`.
    """

    visited = False

    def __init__(self, name: str, alone: bool, place: Place, daemon: Daemon, gate_seconds: float) -> None:
        self.name, self.alone = name, alone
        self._place, self._daemon, self._gate_seconds = place, daemon, gate_seconds
        self._slots = worker_slots(place.slots, name)

    def part_of(self, release: ServerRelease) -> bool:
        return release.configuration.worker(self.name) is not None

    def serving(self) -> Collection[str]:
        return {slot.release for slot in self.running() if slot.is_open and slot.release}

    def start(self, release: ServerRelease) -> None:
        """Start the release's worker: beside the old one, or where it must be alone, after that one has ended."""
        self._daemon.revive()
        if not self._daemon.holder.was_used:
            self._daemon.hold()  # before there are workers: it may have to start Supervisor anew
        worker = self._worker(release)
        self._daemon.know(worker)
        if self._slots_of(release):
            return
        if worker.alone:
            self.drain(release)
        taken = self.running()
        free = [slot for slot in self._slots if slot not in taken and slot.process() is None]
        if not free:
            # An interrupted rollout has left a worker that never took over, or is still ending.
            free = [slot for slot in self._slots if not slot.is_open]
            self._daemon.drain([slot.name for slot in free], worker.grace)
        self._describe(worker, free[0], release)
        self._daemon.client.start(free[0].name)

    def gate(self, release: ServerRelease) -> None:
        """Return once the started worker is ready; raise RolloutError where it ends, or is not ready in time."""
        sign = self._worker(release).sign
        for slot in self._slots_of(release):
            if slot.is_open:
                continue
            if not until(partial(self._decided, slot, sign), timeout=self._gate_seconds, interval=0.05):
                raise self._not_ready(slot, release, f"not ready within {self._gate_seconds:g} s")
            if not self._is_ready(slot, sign):
                raise self._not_ready(slot, release, "its process ended")

    def switch(self, release: ServerRelease) -> None:
        """Have Supervisor keep the started worker: it takes work since it has been ready."""
        mine = self._slots_of(release)
        if not mine:
            raise RolloutError(f"release {release.id} has no {self.name} to switch to")
        for slot in mine:
            slot.open()

    def drain(self, release: ServerRelease | None) -> None:
        if not self._daemon.client.alive():
            return
        others = [slot for slot in self._slots if release is None or slot.release != release.id]
        states = self._daemon.states()
        self._daemon.drain([slot.name for slot in others if states.knows(slot)], self._daemon.grace)
        for slot in others:
            slot.clear()

    def running(self) -> list[Slot]:
        """The slots in which a worker runs."""
        states = self._daemon.states()
        return [slot for slot in self._slots if states.alive(slot)]

    def _worker(self, release: ServerRelease) -> Worker:
        found = release.configuration.worker(self.name)
        assert found is not None, f"release {release.id} has no worker {self.name}"
        return found

    def _slots_of(self, release: ServerRelease) -> list[Slot]:
        return [slot for slot in self.running() if slot.release == release.id]

    def _is_ready(self, slot: Slot, sign: str) -> bool:
        return self._daemon.states().name(slot) == "RUNNING" and (not sign or (slot.folder / sign).exists())

    def _decided(self, slot: Slot, sign: str) -> bool:
        return self._is_ready(slot, sign) or self._daemon.states().name(slot) not in ("STARTING", "RUNNING")

    def _not_ready(self, slot: Slot, release: ServerRelease, why: str) -> RolloutError:
        log = self._place.logs / f"{self.name}-{slot.number}.log"
        return RolloutError(f"{self.name} of release {release.id}: {why}", where=str(log))

    def _describe(self, worker: Worker, slot: Slot, release: ServerRelease) -> None:
        # Its scratch files are in its slot, and among them the sign that it is ready.
        variables = self._place.variables(release, self._daemon.database_url())
        variables["TMPDIR"] = str(slot.folder)
        program, *arguments = (part.replace("{slot}", str(slot.number)) for part in worker.command)
        argv = (str(release.programs / program), *arguments)
        slot.describe(release.id, release.work, argv, variables, self._place.account())
        if worker.sign:
            (slot.folder / worker.sign).unlink(missing_ok=True)


class Workers:
    """The workers of *place*, run by *daemon*."""

    def __init__(self, place: Place, daemon: Daemon, gate_seconds: float) -> None:
        self._place, self._daemon, self._gate_seconds = place, daemon, gate_seconds

    def tasks(self, *releases: ServerRelease) -> list[WorkerTask]:
        """The workers of *releases*, of pipeline.py, and any other that was started here."""
        configured = (*(one for release in releases for one in release.configuration.workers), *self._environment())
        alone = {worker.name: worker.alone for worker in reversed(configured)}
        names = dict.fromkeys((*(worker.name for worker in configured), *self._daemon.started_workers()))
        return [
            WorkerTask(name, alone.get(name, False), self._place, self._daemon, self._gate_seconds) for name in names
        ]

    def healthy(self, release: ServerRelease) -> bool:
        """Whether one process of each of the release's workers runs, and no other worker."""
        for task in self.tasks(release):
            expected = [(release.id, True)] if task.part_of(release) else []
            if [(slot.release, slot.is_open) for slot in task.running()] != expected:
                return False
        return True

    def starts(self) -> Mapping[str, object]:
        """When each worker that runs was started, by its slot: another time is another process."""
        states = self._daemon.states()
        return {slot.name: states.started(slot) for task in self.tasks() for slot in task.running()}

    def _environment(self) -> Sequence[Worker]:
        return self._place.environment.workers
