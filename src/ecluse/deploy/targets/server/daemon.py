"""Supervisor and what it runs beside the site: the database, and the process that holds the listening socket."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ecluse import probes
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.slots import GROUP, PROCESSES, Slot, holder, slots, worker_slots
from ecluse.deploy.targets.server.supervisor import ALIVE, Client, Program, configuration
from ecluse.errors import ServiceError, TargetError
from ecluse.machine import durable, process, virtualenv
from ecluse.services.binaries import VARIABLE, binaries_for
from ecluse.services.cluster import Cluster, server_environ
from ecluse.services.kinds import POSTGRES_VERSION

__all__ = ["Daemon"]

DATABASE = "site"
DRAIN = 40
"""Seconds that a process has to finish its requests, before it is killed. gunicorn's own limit is 30."""

# Supervisor reports a log that cannot be written on its standard error: on a full disk that cannot be written either,
# and would be its end, and so the site's.
_MAIN = """\
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from supervisor.supervisord import main

class Unfailing:
    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def write(self, text):
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            pass

    def flush(self):
        pass

sys.stdout, sys.stderr = Unfailing(sys.stdout), Unfailing(sys.stderr)
main()
"""


class Daemon:
    """The supervisord of *place*, started when it is needed. *stop_signal* ends a process of the site."""

    def __init__(self, place: Place, say: Callable[[str], None], *, stop_signal: str = "TERM") -> None:
        self.place, self.say, self.stop_signal = place, say, stop_signal
        self.client = Client(place.socket)
        self.slots = slots(place.slots)
        self.holder = holder(place.slots)
        self.workers = {one.name: worker_slots(place.slots, one.name) for one in place.environment.workers}

    def database_url(self) -> str | None:
        """The address of the environment's own database; None where one is given."""
        if "DATABASE_URL" in self.place.environment.secrets or "DATABASE_URL" in self.place.environment.env:
            return None
        return self._cluster().url(DATABASE)

    def ensure(self) -> None:
        """Supervisor, socket and database up. What served before they went away is started again."""
        self._copy_programs()
        if not self.client.alive():
            self._end_orphans()
            self._start()
        states = self.client.states()
        if "postgres:postgres" in states and states["postgres:postgres"]["statename"] != "RUNNING":
            self._start_database()
        for slot in (*self.slots, *self._worker_slots()):
            if slot.is_open and slot.name in states and states[slot.name]["statename"] not in ALIVE:
                if slot.group == GROUP:
                    self.hold()
                self.say(f"starting release {slot.release} again, which served before Supervisor went away")
                self.client.start(slot.name)

    def hold(self) -> None:
        """Open the listening socket: from here on nobody is refused. Not earlier: nobody should wait for nothing.

        Raises TargetError where another program listens there. Before the first time the environment moves on to the
        next free port instead: two that are rolled out for the first time at once decide on the same one.
        """
        self.holder.reserve(self.place.account())
        try:
            self.client.start(self.holder.name)
        except TargetError:
            if self.holder.process() is not None:  # the port is ours: it failed for another reason
                raise
            decided = self.place.listen
            if self.place.choose_address(self.say) == decided:
                raise
            self._end()
            self.ensure()
            self.hold()

    def stop(self) -> None:
        """End everything: the site, drained; the database; Supervisor. Nothing is left running."""
        self._end()
        for slot in (*self.slots, *self._worker_slots()):
            slot.clear()

    def drain(self, names: list[str], grace: float = DRAIN) -> None:
        """End these programs, all at once, and return when the last has ended: they have *grace* seconds for it."""
        for name in names:
            self.client.stop(name)
        ended = frozenset({"STOPPED", "EXITED", "FATAL"})
        self._await(
            lambda: all(state["statename"] in ended for name, state in self.client.states().items() if name in names),
            f"{', '.join(names)} did not end",
            timeout=grace + 20,
        )

    # Its parts

    def _end(self) -> None:
        """End everything; what the slots say of it stays, so that :meth:`ensure` starts it again."""
        if not self.client.alive():
            self._end_orphans()
            return
        known = self.client.states()
        workers = [slot.name for slot in self._worker_slots() if slot.name in known]
        self.drain([self.holder.name, *(slot.name for slot in self.slots), *workers], self._grace())
        pid = _pid(self.place.folder / "supervisord.pid")
        self.client.shutdown()
        self._await(lambda: pid is None or not process.runs(pid), "Supervisor does not end")

    def _worker_slots(self) -> list[Slot]:
        return [slot for slots in self.workers.values() for slot in slots]

    def _grace(self) -> float:
        return max([DRAIN, *(one.grace for one in self.place.environment.workers)])

    def _cluster(self) -> Cluster:
        own = next(self.place.programs.glob("postgresql/*/*/bin"), None)
        environ = self.place.environ if own is None else {**self.place.environ, VARIABLE: str(own)}
        return Cluster.at(self.place.folder / "postgres", environ)

    def _keep_database_programs(self) -> None:
        """Link PostgreSQL's programs here where Écluse's own environment has them: remaking that disturbs no server."""
        own = self.place.programs / "postgresql"
        try:
            found = binaries_for(POSTGRES_VERSION, self.place.environ).folder.parent
        except ServiceError:
            if own.is_dir():  # ecluse has moved on to another major version; the data has not
                return
            raise
        if self.place.programs in found.parents or Path(sys.prefix) not in found.parents:
            return
        with tempfile.TemporaryDirectory(dir=self.place.programs) as scratch:
            made = Path(scratch, "postgresql")
            # The programs look for their libraries where the wheel has them: beside its package.
            package = found.parent
            for source in (found, package.with_name(f"{package.name}.libs")):
                if source.is_dir():
                    copy = made / source.relative_to(package.parent)
                    shutil.copytree(source, copy, symlinks=True, copy_function=_link)
            shutil.rmtree(own, ignore_errors=True)
            made.rename(own)

    def _copy_programs(self) -> None:
        """Supervisor itself, the starter and gunicorn's configuration, where they differ from ours."""
        programs, here = self.place.programs, Path(__file__).parent
        for source in (here / "starter.py", here / "gunicorn_conf.py"):
            copy, content = programs / source.name, source.read_bytes()
            if not copy.is_file() or copy.read_bytes() != content:
                durable.write(copy, content)
        main = programs / "supervisord.py"
        if not main.is_file() or main.read_text(encoding="utf-8") != _MAIN:
            found = importlib.util.find_spec("supervisor")
            assert found is not None and found.origin is not None, "Supervisor is a dependency of ecluse"
            ignored = shutil.ignore_patterns("tests", "__pycache__")
            shutil.copytree(
                Path(found.origin).parent, programs / "lib" / "supervisor", ignore=ignored, dirs_exist_ok=True
            )
            durable.write(main, _MAIN)

    def _start(self) -> None:
        place, account = self.place, self.place.account()
        host, port = place.choose_address(self.say)
        python = str(virtualenv.base_python())
        programs = [
            Program(
                name=GROUP,
                argv=(python, "-I", "-S", str(place.programs / "starter.py"), str(place.slots)),
                log=place.logs / GROUP,
                user=account.name if account.switch else None,
                stop_signal=self.stop_signal,
                stop_seconds=DRAIN,
                count=2 * PROCESSES + 1,
                listen=f"{host}:{port}",
            )
        ]
        for worker in place.environment.workers:
            programs.append(
                Program(
                    name=worker.name,
                    argv=(python, "-I", "-S", str(place.programs / "starter.py"), str(place.slots / worker.name)),
                    log=place.logs / worker.name,
                    user=account.name if account.switch else None,
                    stop_seconds=worker.grace,
                    count=len(self.workers[worker.name]),
                    first=1,
                )
            )
        if self.database_url() is not None:
            self._keep_database_programs()
            cluster = self._cluster()
            programs.append(
                Program(
                    name="postgres",
                    argv=cluster.server_argv(),
                    log=place.logs / "postgres.log",
                    user=cluster.account.name if cluster.account.switch else None,
                    environment=server_environ(),
                    stop_signal="INT",
                )
            )
        conf = place.folder / "supervisord.conf"
        root = os.geteuid() == 0
        durable.write(conf, configuration(place.folder, place.socket, programs, root=root), mode=0o600)
        argv = (python, "-I", str(place.programs / "supervisord.py"), "--configuration", str(conf))
        output = place.logs / "supervisord.out"
        with open(output, "wb") as out:
            environ = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(place.folder)}
            started = process.spawn(argv, cwd=place.folder, env=environ, stdout=out, stderr=subprocess.STDOUT)
        self._await(lambda: started.poll() is not None or self.client.alive(), "Supervisor does not answer", timeout=20)
        if started.poll() is not None:
            reason = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
            raise TargetError("\n".join(["Supervisor does not start", *reason]), where=str(output))
        # It outlives us, and is not ours to wait for: subprocess would warn of a child that was forgotten.
        started.returncode = 0

    def _start_database(self) -> None:
        cluster = self._cluster()
        if not cluster.exists:
            self.say("making the database's cluster")
        cluster.create(database=DATABASE)
        self.client.start("postgres:postgres")
        probes.wait([cluster.url(DATABASE)], timeout=60, what="the PostgreSQL", ended=self._database_failed)

    def _database_failed(self) -> str | None:
        state = self.client.states()["postgres:postgres"]["statename"]
        return None if state in ("STARTING", "RUNNING") else f"it ended; see {self.place.logs / 'postgres.log'}"

    def _end_orphans(self) -> None:
        """End what a supervisord that was killed has left: only it could have controlled them, and they hold the
        socket.
        """
        every = (self.holder, *self.slots, *self._worker_slots())
        left = [pid for slot in every if (pid := slot.process()) is not None]
        if left:
            self.say("Supervisor is gone, but the site's processes are not: starting both anew")
        for pid in filter(None, left):
            _signal(pid, signal.SIGTERM)
        self._await(
            lambda: all(slot.process() is None for slot in every),
            "the site's processes do not end",
            timeout=self._grace(),
        )
        postmaster = self.place.folder / "postgres" / "postmaster.pid"
        server = _pid(postmaster)
        if server is not None and process.runs(server) and not self.client.alive():
            _signal(server, signal.SIGINT)
            self._await(lambda: not process.runs(server), "the database does not end")

    def _await(self, condition: Callable[[], bool], what: str, *, timeout: float = 60) -> None:
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > timeout:
                raise TargetError(f"{what} within {timeout:g} s", where=str(self.place.logs))
            time.sleep(0.02)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _pid(path: Path) -> int | None:
    """The process id on the first line of a file."""
    try:
        return int(path.read_text(encoding="ascii").splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
