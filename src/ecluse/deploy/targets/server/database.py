"""The PostgreSQL of an environment on this machine: its programs, its data, its start."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ecluse import probes
from ecluse.deploy.targets.server import programs
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.proof import belongs, noted
from ecluse.deploy.targets.server.supervisor import ALIVE, Client, Program
from ecluse.errors import ServiceError
from ecluse.machine.waiting import until
from ecluse.services.binaries import VARIABLE, binaries_for
from ecluse.services.cluster import Cluster, server_environ
from ecluse.services.kinds import POSTGRES_VERSION

__all__ = ["Database"]

NAME = "site"
_PROGRAM = "postgres"
_PROCESS = "postgres:postgres"
_SOCKET = ".s.PGSQL.5432"


class Database:
    """The database of *place*. Where the environment is given the address of another one, there is none here."""

    def __init__(self, place: Place, say: Callable[[str], None]) -> None:
        self._place, self._say = place, say

    @property
    def is_own(self) -> bool:
        """Whether the environment has a database here."""
        environment = self._place.environment
        return "DATABASE_URL" not in environment.secrets and "DATABASE_URL" not in environment.env

    @property
    def url(self) -> str | None:
        """The address of the database; None where another one is given."""
        return self._cluster().url(NAME) if self.is_own else None

    def process(self) -> int | None:
        """The process id of the server that runs, whoever started it; None where none does."""
        pid = noted(self._pid_file)
        return pid if pid is not None and belongs(pid, self._data, "postgres") else None

    def program(self) -> Program:
        """The server as a program of Supervisor."""
        self._keep_programs()
        cluster = self._cluster()
        return Program(
            name=_PROGRAM,
            argv=programs.script(self._place.programs, _PROGRAM, cluster.server_argv()),
            log=Path("logs", "postgres.log"),
            user=cluster.account.name if cluster.account.switch else None,
            environment=server_environ(),
            stop_signal="INT",
        )

    def start(self, client: Client) -> None:
        """Start the server where Supervisor has it and it does not run. Returns once it answers."""
        state = client.states().get(_PROCESS)
        if state is None:
            return
        cluster = self._cluster()
        if state["statename"] == "RUNNING":
            if (cluster.socket_folder / _SOCKET).exists():
                return
            self._say("the socket of the database is gone: starting the database again")
            client.stop(_PROCESS)
            until(lambda: self.process() is None, timeout=60)
        elif state["statename"] not in ALIVE:
            self._forget(cluster)
        if not cluster.exists:
            self._say("making the database's cluster")
        cluster.create(database=NAME)
        client.start(_PROCESS)
        probes.wait([cluster.url(NAME)], timeout=60, what="the PostgreSQL", ended=lambda: self._failed(client))

    def _forget(self, cluster: Cluster) -> None:
        """Delete the lock files of a server that went away with the machine. PostgreSQL does not start while a process
        of that number runs, whoever's it is.
        """
        if self.process() is None:
            for path in (self._pid_file, cluster.socket_folder / f"{_SOCKET}.lock"):
                path.unlink(missing_ok=True)

    @property
    def _data(self) -> Path:
        return self._place.folder / "postgres"

    @property
    def _pid_file(self) -> Path:
        return self._data / "postmaster.pid"

    def _failed(self, client: Client) -> str | None:
        state = client.states()[_PROCESS]["statename"]
        return None if state in ("STARTING", "RUNNING") else f"it ended; see {self._place.logs / 'postgres.log'}"

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment in which the database's own programs are found first."""
        own = next(self._place.programs.glob("postgresql/*/*/bin"), None)
        return self._place.environ if own is None else {**self._place.environ, VARIABLE: str(own)}

    def _cluster(self) -> Cluster:
        return Cluster.at(self._data, self.environ)

    def _keep_programs(self) -> None:
        """Link PostgreSQL's programs here where they are in ecluse's own virtual environment: remaking that one then
        disturbs no server.
        """
        own = self._place.programs / "postgresql"
        try:
            found = binaries_for(POSTGRES_VERSION, self._place.environ).folder.parent
        except ServiceError:
            if own.is_dir():  # ecluse has moved on to another major version; the data has not
                return
            raise
        if self._place.programs in found.parents or Path(sys.prefix) not in found.parents:
            return
        with tempfile.TemporaryDirectory(dir=self._place.programs) as scratch:
            made = Path(scratch, "postgresql")
            # The programs look for their libraries where the wheel has them: beside its package.
            package = found.parent
            for source in (found, package.with_name(f"{package.name}.libs")):
                if source.is_dir():
                    copy = made / source.relative_to(package.parent)
                    shutil.copytree(source, copy, symlinks=True, copy_function=_link)
            shutil.rmtree(own, ignore_errors=True)
            made.rename(own)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
