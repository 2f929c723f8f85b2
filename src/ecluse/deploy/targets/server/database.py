"""The PostgreSQL of an environment on this machine: its programs, its data, its start."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ecluse import probes
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.supervisor import Client, Program
from ecluse.errors import ServiceError
from ecluse.services.binaries import VARIABLE, binaries_for
from ecluse.services.cluster import Cluster, server_environ
from ecluse.services.kinds import POSTGRES_VERSION

__all__ = ["Database"]

NAME = "site"
_PROGRAM = "postgres"
_PROCESS = "postgres:postgres"


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

    @property
    def pid_file(self) -> Path:
        """The file in which a server notes its process id."""
        return self._place.folder / "postgres" / "postmaster.pid"

    def program(self) -> Program:
        """The server as a program of Supervisor."""
        self._keep_programs()
        cluster = self._cluster()
        return Program(
            name=_PROGRAM,
            argv=cluster.server_argv(),
            log=self._place.logs / "postgres.log",
            user=cluster.account.name if cluster.account.switch else None,
            environment=server_environ(),
            stop_signal="INT",
        )

    def start(self, client: Client) -> None:
        """Start the server where Supervisor has it and it does not run. Returns once it answers."""
        state = client.states().get(_PROCESS)
        if state is None or state["statename"] == "RUNNING":
            return
        cluster = self._cluster()
        if not cluster.exists:
            self._say("making the database's cluster")
        cluster.create(database=NAME)
        client.start(_PROCESS)
        probes.wait([cluster.url(NAME)], timeout=60, what="the PostgreSQL", ended=lambda: self._failed(client))

    def _failed(self, client: Client) -> str | None:
        state = client.states()[_PROCESS]["statename"]
        return None if state in ("STARTING", "RUNNING") else f"it ended; see {self._place.logs / 'postgres.log'}"

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment in which the database's own programs are found first."""
        own = next(self._place.programs.glob("postgresql/*/*/bin"), None)
        return self._place.environ if own is None else {**self._place.environ, VARIABLE: str(own)}

    def _cluster(self) -> Cluster:
        return Cluster.at(self._place.folder / "postgres", self.environ)

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
