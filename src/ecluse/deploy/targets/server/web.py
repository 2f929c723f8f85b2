"""The web processes of the site: the task that takes requests from the listening socket."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from functools import partial

from ecluse.deploy import health
from ecluse.deploy.targets.server.counts import Tally, together
from ecluse.deploy.targets.server.daemon import Daemon
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.release import ServerRelease
from ecluse.deploy.targets.server.slots import GROUP, PROCESSES, Slot
from ecluse.errors import RolloutError
from ecluse.machine.waiting import until

__all__ = ["Web"]

_MINUTES = 10
"""Minutes before the switch that a release is compared with."""


class Web:
    """The web processes of *place*, run by *daemon*. Fits :class:`ecluse.deploy.contract.Task`."""

    name = GROUP
    visited = True

    def __init__(self, place: Place, daemon: Daemon, gate_seconds: float) -> None:
        self._place, self._daemon, self._gate_seconds = place, daemon, gate_seconds
        self._before: dict[str, tuple[int, int]] = {}
        self.before = Tally()
        """The answers that other releases gave in the last minutes before the switch."""

    def part_of(self, release: ServerRelease) -> bool:
        return True

    def serving(self) -> Collection[str]:
        return {slot.release for slot in self.running() if slot.is_open and slot.release}

    def start(self, release: ServerRelease) -> None:
        self._daemon.revive()
        self._daemon.hold()
        # The errors and answers of processes that serve already are not of this rollout.
        serving = [slot for slot in self.slots_of(release) if slot.is_open]
        self._before = {slot.name: (len(slot.errors), slot.counts.answers) for slot in serving}
        missing = PROCESSES - len(self.slots_of(release))
        argv = self._argv(release)
        variables = self._place.variables(release, self._daemon.database_url())
        for slot in self._free(release, missing)[: max(0, missing)]:
            slot.describe(release.id, release.work, argv, variables, self._place.account())
            self._daemon.client.start(slot.name)

    def gate(self, release: ServerRelease) -> None:
        for slot in self.slots_of(release):
            if not slot.is_open:
                health.gate(
                    partial(self._ask_in, release, slot),
                    release.id,
                    ended=partial(self._ended, slot),
                    timeout=self._gate_seconds,
                )

    def switch(self, release: ServerRelease) -> None:
        mine = self.slots_of(release)
        if len(mine) < PROCESSES:
            raise RolloutError(
                f"release {release.id}: {len(mine)} of {PROCESSES} processes are there, so nothing was switched"
            )
        # Asked before they end: then nobody knows it any more.
        others = [slot for slot in self._daemon.slots if slot not in mine]
        self.before = together(slot.last(_MINUTES) for slot in others)
        self._place.show_static(release)  # its files are there before its first page
        for slot in mine:
            slot.open()
        if not until(lambda: all(slot.accepting for slot in mine), timeout=self._gate_seconds, interval=0.01):
            raise RolloutError(f"release {release.id} does not accept requests")

    def drain(self, release: ServerRelease | None) -> None:
        if not self._daemon.client.alive():
            return
        others = [slot for slot in self._daemon.slots if release is None or slot.release != release.id]
        holder = [self._daemon.holder.name] if release is None else []
        self._daemon.drain([*holder, *(slot.name for slot in others)])
        for slot in others:
            slot.clear()

    def errors(self, slots: Sequence[Slot]) -> list[str]:
        """The errors in *slots* since this rollout began."""
        return [line for slot in slots for line in slot.errors[self._before.get(slot.name, (0, 0))[0] :]]

    def answers(self, slots: Sequence[Slot]) -> int:
        """The number of answers in *slots* since this rollout began."""
        return sum(slot.counts.answers - self._before.get(slot.name, (0, 0))[1] for slot in slots)

    def healthy(self, release: ServerRelease) -> bool:
        """Whether all processes that run are the release's, and it answers."""
        running = self.running()
        whole = len(running) == PROCESSES and all(slot.is_open and slot.release == release.id for slot in running)
        return whole and self.ask_door(release).good(release.id)

    def running(self) -> list[Slot]:
        """The slots in which a process runs."""
        states = self._daemon.states()
        return [slot for slot in self._daemon.slots if states.alive(slot)]

    def slots_of(self, release: ServerRelease) -> list[Slot]:
        """The slots in which a process of the release runs."""
        return [slot for slot in self.running() if slot.release == release.id]

    def ask(self, release: ServerRelease, address: str | None) -> health.Readiness:
        """The answer of the readiness page of *release* at *address*; None is the address of a process that has not
        started yet.
        """
        path = release.configuration.readiness
        if address is None:
            return health.Readiness(0, detail="it has not started yet", path=path)
        return health.ask(address, self._place.url, path, self._place.gate())

    def ask_door(self, release: ServerRelease) -> health.Readiness:
        """The answer of the readiness page of *release* at the address that visitors use."""
        return self.ask(release, self._place.address)

    def _ask_in(self, release: ServerRelease, slot: Slot) -> health.Readiness:
        return self.ask(release, slot.address)  # which it has only once it has started

    def _argv(self, release: ServerRelease) -> tuple[str, ...]:
        conf = self._place.programs / "gunicorn_conf.py"
        return (
            str(release.programs / "python"),
            "-P",
            "-m",
            "gunicorn",
            "--config",
            str(conf),
            # Here too: GUNICORN_CMD_ARGS would win over the file.
            "--bind",
            "fd://0",
            "--bind",
            "fd://3",
            release.asgi or release.wsgi,
        )

    def _free(self, release: ServerRelease, missing: int) -> list[Slot]:
        """Slots to start *missing* processes in. Where there are too few, what an interrupted rollout has left is
        ended first: a third release that was started and never opened, or processes that are still ending.
        """
        states = self._daemon.states()
        slots = self._daemon.slots
        free = [slot for slot in slots if not states.alive(slot) and slot.process() is None]
        if missing <= len(free):
            return free
        unused = [slot for slot in slots if not slot.is_open and slot.release != release.id]
        ending = [slot for slot in slots if states.name(slot) == "STOPPING"]
        left = list(dict.fromkeys((*unused, *ending)))
        self._daemon.drain([slot.name for slot in left])
        return list(dict.fromkeys((*free, *left)))

    def _ended(self, slot: Slot) -> str | None:
        """Why the process in *slot* will not get ready; None while it may."""
        if self._daemon.states().name(slot) in ("STARTING", "RUNNING"):
            return None
        log = self._place.logs / f"{self.name}-{slot.number}.log"
        with contextlib.suppress(FileNotFoundError):
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            return "\n".join(["its process ended", *(f"  {line}" for line in lines[-15:])])
        return "its process ended"
