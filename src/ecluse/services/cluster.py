"""A durable PostgreSQL without an installation: what an environment on this machine keeps its data in.

For rollouts to ``local``. The caller runs :meth:`Cluster.server_argv` under its own supervisor.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ecluse.errors import ServiceError
from ecluse.machine import process
from ecluse.services import account, postgresql_commands
from ecluse.services.account import Account
from ecluse.services.binaries import Binaries, binaries_for, readable_by_all
from ecluse.services.kinds import POSTGRES_VERSION
from ecluse.services.paths import binaries_cache, socket_fits

__all__ = ["Cluster"]


@dataclass(frozen=True)
class Cluster:
    """The data directory *data*, the programs that made it or may open it, and the account that they run as."""

    data: Path
    binaries: Binaries
    account: Account

    @classmethod
    def at(cls, data: Path, environ: Mapping[str, str], *, version: str = POSTGRES_VERSION) -> Cluster:
        """The cluster at *data*, made or not. *version* is the major version to make it with.

        A cluster is opened by programs of its own major version only: raises ServiceError where *data* holds another
        and this machine has no programs of it.
        """
        data = data.absolute()
        marker = data / "PG_VERSION"
        made_by = marker.read_text(encoding="ascii").strip() if marker.is_file() else None
        try:
            found = binaries_for(made_by or version, environ)
        except ServiceError as error:
            if made_by is None:
                raise
            raise ServiceError(
                f"only programs of PostgreSQL {made_by} may open this database, which they made: {error.what}",
                where=str(data),
                hint=f"{error.hint}; or dump it where {made_by} is installed (pg_dumpall), move it away, load the dump",
            ) from None
        return cls(data, readable_by_all(found, binaries_cache(environ)), account.for_server())

    @property
    def exists(self) -> bool:
        """Whether the cluster has been made."""
        return (self.data / "PG_VERSION").is_file()

    @property
    def socket_folder(self) -> Path:
        """The folder of the server's socket: beside the data, or a short one where that path is too long for it."""
        beside = self.data.with_name(self.data.name + ".socket")
        if socket_fits(beside):
            return beside
        name = hashlib.sha256(str(self.data).encode()).hexdigest()[:16]
        return Path("/tmp", f"ecluse-{self.account.uid}-{name}")

    def create(self, *, database: str = "postgres") -> None:
        """Make the cluster with an empty *database*, unless it is there; make the socket's folder in any case.

        Call it before every start. The cluster appears whole or not at all. Raises ServiceError where the account of
        the server cannot reach the folder, CommandError where initdb fails.
        """
        self.data.parent.mkdir(parents=True, exist_ok=True)
        closed = account.enterable(self.data.parent) if self.account.switch else None
        if closed is not None:
            raise ServiceError(
                f"PostgreSQL does not run as root, and {self.account.name} may not enter {closed}",
                where=str(self.data),
                hint=f"work as an ordinary user, or in a folder that everybody may enter (chmod o+x {closed})",
            )
        _private(self.socket_folder, self.account)
        if not self.exists:
            self._initialize(database)

    def _initialize(self, database: str) -> None:
        scratch = Path(tempfile.mkdtemp(prefix=self.data.name + ".", dir=self.data.parent))
        try:
            self.account.own(scratch)
            made = scratch / "data"
            self._run(postgresql_commands.durable_initdb(self.binaries, made))
            if database != "postgres":
                # The server's single-user mode: no socket, no wait, and nothing to stop.
                single = self.binaries.argv("postgres", "--single", "-D", str(made), "postgres")
                self._run(single, input=f'CREATE DATABASE "{database}"\n')
            made.rename(self.data)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _run(self, argv: tuple[str, ...], *, input: str | None = None) -> None:
        process.run(
            argv, cwd=Path("/"), env=server_environ(), input=input, user=self.account.user, group=self.account.group
        )

    def server_argv(self) -> tuple[str, ...]:
        """The command line that serves the cluster in the foreground, as :attr:`account`. Stop it with SIGINT."""
        return postgresql_commands.durable_server(self.binaries, self.data, self.socket_folder)

    def url(self, database: str = "postgres") -> str:
        """The address of *database*, for ``DATABASE_URL``. Only the server's account, and root, can connect to it."""
        return postgresql_commands.socket_url(self.socket_folder, database)


def server_environ() -> dict[str, str]:
    """The environment of PostgreSQL's programs: nothing of the caller's (PGDATA, PGPORT, LC_ALL) reaches them."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _private(folder: Path, owner: Account) -> None:
    """Make *folder* one that only *owner* may enter, and refuse one of that name that is somebody else's."""
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid not in (owner.uid, os.geteuid()):
        raise ServiceError("the folder of the server's socket belongs to another user", where=str(folder))
    folder.chmod(0o700)
    owner.own(folder)
