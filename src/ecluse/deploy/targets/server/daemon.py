"""Supervisor, as it runs for an environment: started when it is needed, with the listening socket and the database."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ecluse.definition.model import Worker
from ecluse.deploy.targets.server import programs
from ecluse.deploy.targets.server.database import Database
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.proof import belongs, noted
from ecluse.deploy.targets.server.slots import GROUP, PROCESSES, Slot, holder, slots, worker_slots
from ecluse.deploy.targets.server.supervisor import ALIVE, Client, Program, Refused, configuration
from ecluse.errors import TargetError
from ecluse.machine import durable, process, virtualenv
from ecluse.machine.waiting import until

__all__ = ["Daemon", "States"]

DRAIN = 40
"""Seconds that a process has to finish its requests, before it is killed. gunicorn's own limit is 30."""

ATTEMPTS = 5
"""Starts of Supervisor, each on the next free port, while the environment has not listened on one yet."""


class States:
    """The states of the processes in the slots, as Supervisor reports them. An unknown process is stopped."""

    def __init__(self, found: Mapping[str, Mapping[str, Any]]) -> None:
        self._found = found

    def knows(self, slot: Slot) -> bool:
        """Whether Supervisor was started with this slot."""
        return slot.name in self._found

    def name(self, slot: Slot) -> str:
        """The state, in Supervisor's own words: ``RUNNING``, ``STOPPED``, …"""
        return str(self._found.get(slot.name, {}).get("statename", "STOPPED"))

    def alive(self, slot: Slot) -> bool:
        """Whether a process runs, or is being started again."""
        return self.name(slot) in ALIVE

    def started(self, slot: Slot) -> object:
        """When the process was started: another time is another process."""
        return self._found.get(slot.name, {}).get("start", 0)

    def pid(self, slot: Slot) -> int:
        """The process id; 0 where none runs."""
        return int(self._found.get(slot.name, {}).get("pid", 0))

    def seconds(self, slot: Slot) -> int:
        """For how long the process has run."""
        state = self._found.get(slot.name, {})
        return max(0, int(state.get("now", 0)) - int(state.get("start", 0)))


class Daemon:
    """The supervisord of *place*, started when it is needed. *stop_signal* ends a process of the site."""

    def __init__(self, place: Place, say: Callable[[str], None], *, stop_signal: str = "TERM") -> None:
        self.place, self.say, self.stop_signal = place, say, stop_signal
        self.client = Client(place.socket)
        self.slots = slots(place.slots)
        self.holder = holder(place.slots)
        self.database = Database(place, say)

    def database_url(self) -> str | None:
        """The address of the environment's own database; None where another one is given."""
        return self.database.url

    def database_environ(self) -> Mapping[str, str]:
        """The environment in which the programs of that database are found first."""
        return self.database.environ

    def states(self) -> States:
        """The current states of the processes. Where no Supervisor runs, none does. Raises TargetError where it runs
        and does not answer, or is ending.
        """
        try:
            return States(self.client.states())
        except Refused:
            raise
        except TargetError:
            self._refuse_deaf()
            return States({})

    def ensure(self) -> None:
        """Start Supervisor and the database where they do not run, and what served before they went away."""
        self._up()
        if self.place.moved is not None:
            self.say(self.place.moved)
        states = self.states()
        left = [slot for slot in self._every_slot() if slot.is_open and states.knows(slot) and not states.alive(slot)]
        if any(slot.group == GROUP for slot in left):
            self.hold()
        for slot in left:
            self.say(f"starting release {slot.release} again, which served before Supervisor went away")
            self.client.start(slot.name)

    @property
    def _output(self) -> Path:
        return self.place.logs / "supervisord.out"

    @property
    def grace(self) -> float:
        """Seconds that a worker may take to finish what it has: the longest that any may."""
        return max([DRAIN, *(one.grace for one in self.place.environment.workers)])

    def started_workers(self) -> list[str]:
        """The names of all workers that were ever started here."""
        found = self.place.slots.glob("*/1") if self.place.slots.is_dir() else ()
        return sorted(path.parent.name for path in found)

    def know(self, worker: Worker) -> None:
        """Have Supervisor know *worker*. What it runs already goes on."""
        slot = worker_slots(self.place.slots, worker.name)[0]
        if not self.states().knows(slot):
            self._write_configuration(worker)
            self.client.add(worker.name)

    def revive(self) -> None:
        """Start Supervisor again where it has ended since :meth:`ensure`, with or without the deployer."""
        if not self.client.alive():
            self.ensure()

    def hold(self) -> None:
        """Open the listening socket: from here on nobody is refused. Not earlier: nobody should wait for nothing.

        Raises TargetError where another program listens there. Before the first time, the environment moves on to the
        next free port instead: two that are rolled out for the first time at once decide on the same one.
        """
        self.holder.reserve(self.place.account())
        while True:
            try:
                return self.client.start(self.holder.name)
            except TargetError:
                if self.holder.process() is not None:  # the port is ours: it failed for another reason
                    raise
                decided = self.place.listen
                if self.place.choose_address(self.say) == decided:
                    raise
            # Supervisor has the address in its file. Nothing has been started by it yet but the database.
            self._end()
            self._up()

    def stop(self) -> None:
        """End everything: the site, drained; the database; Supervisor. Nothing is left running."""
        self._end()
        for slot in self._every_slot():
            slot.clear()

    def drain(self, names: Sequence[str], grace: float = DRAIN) -> None:
        """End these programs, all at once, and return when the last has ended: they have *grace* seconds for it."""
        for name in names:
            self.client.stop(name)
        ended = frozenset({"STOPPED", "EXITED", "FATAL"})
        self._await(
            lambda: all(state["statename"] in ended for name, state in self.client.states().items() if name in names),
            f"{', '.join(names)} did not end",
            timeout=grace + 20,
        )

    def _up(self) -> None:
        """Start Supervisor and the database where they do not run."""
        programs.copy(self.place.programs)
        self._let_end()
        if not self.client.alive():
            self._refuse_deaf()
            self._end_orphans()
            self._start()
        self.database.start(self.client)

    def _end(self) -> None:
        """End everything. What the slots say stays, so that :meth:`ensure` starts it again."""
        self._let_end()
        if not self.client.alive():
            self._refuse_deaf()
            self._end_orphans()
            return
        states = self.states()
        workers = [slot.name for slot in self._worker_slots() if states.knows(slot)]
        self.drain([self.holder.name, *(slot.name for slot in self.slots), *workers], self.grace)
        pid = noted(self._pid_file)
        self.client.shutdown()
        self._await_end(pid)

    def _start(self) -> None:
        for _attempt in range(ATTEMPTS):
            self.place.choose_address(self.say)
            reason = self._start_once()
            if reason is None:
                return
            # Another environment may have taken the port since: two that are rolled out for the first time at once.
            if self.holder.was_used or os.strerror(errno.EADDRINUSE) not in reason:
                break
        raise TargetError(f"Supervisor does not start\n{reason}", where=str(self._output))

    def _start_once(self) -> str | None:
        """Start Supervisor. Returns the end of what it printed where it has ended again, None where it runs."""
        place = self.place
        conf = self._write_configuration()
        argv = (virtualenv.base_python(), "-I", place.programs / programs.MAIN, "--configuration", conf)
        with open(self._output, "wb") as out:
            environ = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(place.folder)}
            started = process.spawn(argv, cwd=place.folder, env=environ, stdout=out, stderr=subprocess.STDOUT)
        self._await(lambda: started.poll() is not None or self.client.alive(), "Supervisor does not answer", timeout=20)
        if started.poll() is not None:
            return "\n".join(self._output.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:])
        process.disown(started)
        return None

    def _write_configuration(self, *more: Worker) -> Path:
        """Write Supervisor's file, with the workers *more* beside those of the environment. Returns its path."""
        place = self.place
        conf, root = place.folder / "supervisord.conf", os.geteuid() == 0
        text = configuration(self._programs(*more), place.supervisors_socket, root=root)
        durable.write(conf, text, mode=0o600)
        return conf

    def _programs(self, *more: Worker) -> list[Program]:
        """All that Supervisor is to run; none of it is of a release."""
        place, account = self.place, self.place.account()
        graces = dict.fromkeys(self.started_workers(), Worker.grace)
        graces |= {worker.name: worker.grace for worker in (*more, *place.environment.workers)}
        user = account.name if account.switch else None
        starter = (virtualenv.base_python(), "-I", "-S", place.programs / "starter.py")
        web = Program(
            name=GROUP,
            argv=programs.script(place.programs, GROUP, (*starter, place.slots)),
            log=Path("logs", GROUP),
            user=user,
            stop_signal=self.stop_signal,
            stop_seconds=DRAIN,
            count=2 * PROCESSES + 1,
            listen=place.address,
        )
        workers = [
            Program(
                name=name,
                argv=programs.script(place.programs, name, (*starter, place.slots / name)),
                log=Path("logs", name),
                user=user,
                stop_seconds=grace,
                count=len(worker_slots(place.slots, name)),
                first=1,
            )
            for name, grace in graces.items()
        ]
        return [web, *workers, *([self.database.program()] if self.database.is_own else [])]

    def _let_end(self) -> None:
        """Wait for a Supervisor that is ending, as after a signal: it finishes requests, and takes no orders."""
        if self.client.ending():
            pid = noted(self._pid_file)
            self.say("Supervisor is ending: waiting for its end")
            self._await_end(pid)

    def _await_end(self, pid: int | None) -> None:
        self._await(
            lambda: pid is None or not belongs(pid, self.place.folder, programs.MAIN),
            "Supervisor does not end",
            timeout=self.grace + 20,
        )

    def _refuse_deaf(self) -> None:
        """Raise TargetError where Supervisor runs although it does not answer, as when something has deleted its
        socket. It is not taken for dead, and nothing of the site is ended.
        """
        pid = noted(self._pid_file)
        if pid is not None and belongs(pid, self.place.folder, programs.MAIN):
            name = self.place.environment.name
            why = "does not answer" if self.place.socket.exists() else "cannot be asked: its socket is gone"
            raise TargetError(
                f"Supervisor runs (process {pid}) but {why}. The site goes on",
                where=str(self.place.socket),
                hint=f"kill {pid} ends the site, which finishes its requests; then ./ecluse start {name}",
            )

    @property
    def _pid_file(self) -> Path:
        return self.place.folder / "supervisord.pid"

    def _end_orphans(self) -> None:
        """End what a supervisord that was killed has left: only it could have controlled them, and they hold the
        socket.
        """
        every = (self.holder, *self._every_slot())
        left = [pid for slot in every if (pid := slot.process()) is not None]
        if left:
            self.say("Supervisor is gone, but the site's processes are not: starting both anew")
        for pid in left:
            if belongs(pid, self.place.folder):
                _signal(pid, signal.SIGTERM)
        self._await(
            lambda: all(slot.process() is None for slot in every),
            "the site's processes do not end",
            timeout=self.grace,
        )
        server = self.database.process()
        if server is not None:
            _signal(server, signal.SIGINT)
            self._await(lambda: self.database.process() is None, "the database does not end")

    def _every_slot(self) -> list[Slot]:
        return [*self.slots, *self._worker_slots()]

    def _worker_slots(self) -> list[Slot]:
        names = dict.fromkeys((*(one.name for one in self.place.environment.workers), *self.started_workers()))
        return [slot for name in names for slot in worker_slots(self.place.slots, name)]

    def _await(self, condition: Callable[[], bool], what: str, *, timeout: float = 60) -> None:
        if not until(condition, timeout=timeout):
            raise TargetError(f"{what} within {timeout:g} s", where=str(self.place.logs))


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
