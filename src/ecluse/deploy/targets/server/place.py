"""The folder of an environment on this machine: its subfolders, its address and secrets, and the variables of its
processes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ecluse.definition.model import Environment
from ecluse.definition.site_address import is_ip, is_local
from ecluse.deploy.targets.server.configuration import Configuration
from ecluse.deploy.targets.server.release import ServerRelease
from ecluse.deploy.targets.server.secret_store import SecretStore
from ecluse.deploy.targets.server.slots import holder
from ecluse.errors import TargetError
from ecluse.machine import durable
from ecluse.machine.virtualenv import base_python
from ecluse.services.account import Account, enterable, for_server

__all__ = ["Place"]

DEFAULT_PORT = 8000
# sun_path holds 107 bytes, 103 on macOS; Supervisor binds a longer name first: its own with its process id after it.
_LONGEST_SOCKET = 92


@dataclass(frozen=True)
class Place:
    """The folder *folder* of *environment*; *environ* is the deployer's own environment."""

    folder: Path
    environment: Environment
    environ: Mapping[str, str]

    @property
    def releases(self) -> Path:
        return self.folder / "releases"

    @property
    def venvs(self) -> Path:
        return self.folder / "venvs"

    @property
    def slots(self) -> Path:
        return self.folder / "slots"

    @property
    def programs(self) -> Path:
        """Copies of the programs that serve, so that neither ecluse nor its virtual environment is needed for that."""
        return self.folder / "bin"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def media(self) -> Path:
        return self.folder / "media"

    @property
    def socket(self) -> Path:
        """Supervisor's socket. Where this folder's path is too long for a socket, it is in a folder of /tmp on systems
        without /proc; and where an earlier version has put it there.
        """
        here = self.folder / "supervisor.sock"
        if len(os.fsencode(here)) <= _LONGEST_SOCKET:
            return here
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        short = Path("/tmp", f"ecluse-{os.geteuid()}-{name}", "supervisor.sock")
        return short if short.exists() or not Path("/proc/self/fd").is_dir() else here

    @property
    def supervisors_socket(self) -> Path:
        """The socket's path as Supervisor is told it, which runs in this folder: it makes a relative path absolute, and
        cannot bind a long one.
        """
        if self.socket.parent != self.folder:
            return self.socket
        fits = len(os.fsencode(self.socket)) <= _LONGEST_SOCKET
        return Path(self.socket.name) if fits else Path("/proc/self/cwd", self.socket.name)

    def account(self) -> Account:
        """The account that the site's processes run as: our own; for root, the account nobody, where that one can reach
        all files that it needs.
        """
        account = for_server()
        if account.switch and (enterable(self.folder) or enterable(base_python().resolve().parent)):
            return Account("root", 0, 0, switch=False)
        return account

    def prepare(self) -> None:
        """Make the folders."""
        account = self.account()
        for folder in (self.releases, self.venvs, self.slots, self.programs, self.logs, self.media):
            folder.mkdir(parents=True, exist_ok=True)
        account.own(self.media)
        short = self.socket.parent
        if short != self.folder:
            short.mkdir(mode=0o700, exist_ok=True)
            if short.lstat().st_uid != os.geteuid() or short.is_symlink():
                raise TargetError("the folder of Supervisor's socket belongs to another user", where=str(short))

    def show_static(self, release: ServerRelease) -> None:
        """Let the folder ``static``, which a front server on this machine reads, be that of *release*."""
        link, target = self.folder / "static", release.static.relative_to(self.folder)
        with contextlib.suppress(OSError):  # a full disk: the site itself is asked for a file that is not in there
            if not (link.is_symlink() and link.readlink() == target):
                durable.link(link, target)

    # The address

    @property
    def listen(self) -> tuple[str, int] | None:
        """The address where the site listens, once that has been decided."""
        path = self.folder / "address.json"
        if not os.path.lexists(path):  # a link to nowhere is something that cannot be read
            return None
        remembered = durable.read_json(path) or {}
        host, port = remembered.get("host"), remembered.get("port")
        if isinstance(host, str) and is_ip(host) and isinstance(port, int) and 0 < port < 65536:
            return host, port
        raise TargetError(
            "the address of this environment cannot be read, and is not overwritten",
            where=str(path),
            hint='it is as {"host": "127.0.0.1", "port": 8000}; supervisord.conf beside it has the port',
        )

    @property
    def fronted(self) -> int | None:
        """The port on which the front server that ``ecluse provision`` made asks the site; None where there is none."""
        path = self.folder / "front-port"
        try:
            text = path.read_bytes().strip()
        except FileNotFoundError:
            return None
        if text.isdigit() and 0 < int(text) < 65536:
            return int(text)
        raise TargetError(
            "the port on which nginx asks this environment cannot be read",
            where=str(path),
            hint="delete this file: ./ecluse provision writes it anew",
        )

    @property
    def address(self) -> str:
        """The address where the site listens, as ``host:port``. Raises TargetError before the first rollout."""
        listen = self.listen
        if listen is None:
            raise TargetError(
                f"nothing has been rolled out to {self.environment.name} yet",
                hint=f"./ecluse deploy {self.environment.name}",
            )
        return f"{listen[0]}:{listen[1]}"

    @property
    def url(self) -> str:
        """The address that visitors use; of a site on this machine, with the port that was chosen."""
        public = urlsplit(self.environment.url)
        if not is_local(public.hostname):
            return self.environment.url
        return f"{public.scheme}://{public.hostname}:{self.address.rpartition(':')[2]}"

    def choose_address(self, say: Callable[[str], None]) -> tuple[str, int]:
        """Decide where the site listens: the environment's port, or the next free one. Nothing listens there yet.

        A site that something before it asks for stays where it has listened, until pipeline.py has another port: raises
        TargetError where that port is taken now. A site that its visitors ask on this machine moves on.
        """
        remembered = None if self.moved else self.listen
        if remembered is not None and _free(*remembered):
            return remembered
        fronted = self.fronted
        stays = fronted is not None or not is_local(urlsplit(self.environment.url).hostname)
        if remembered is not None and stays and holder(self.slots).was_used:
            raise TargetError(
                f"port {remembered[1]} of {self.environment.name} is taken by another program",
                where=str(self.folder / "address.json"),
                hint=(
                    "end that program, or delete this file: the next deploy then looks for a free port"
                    if fronted is None
                    else "end that program, or delete this file and front-port: ./ecluse provision then chooses another"
                ),
            )
        if fronted is not None and not _free("127.0.0.1", fronted):
            raise TargetError(
                f"port {fronted}, on which nginx asks {self.environment.name}, is taken by another program",
                where=str(self.folder / "front-port"),
                hint="end that program, or delete this file: ./ecluse provision then chooses another",
            )
        host, wanted = self._wanted
        port = next((port for port in range(wanted, min(wanted + 100, 65536)) if _free(host, port)), None)
        if port is None:
            raise TargetError(
                f"no free port from {wanted} on", hint="end what listens there, or change the environment's url"
            )
        before = remembered[1] if remembered else wanted
        if port != before:
            say(f"port {before} is taken: {self.environment.name} listens on {port} from now on")
        durable.write_json(self.folder / "address.json", {"host": host, "port": port, "wanted": [host, wanted]})
        return host, port

    @property
    def moved(self) -> str | None:
        """A sentence where pipeline.py has another address now than the one that the site listens for; else None."""
        remembered = durable.read_json(self.folder / "address.json") or {}
        host, port = self._wanted
        if remembered.get("wanted") in (None, [host, port]):  # None: by an earlier version
            return None
        name = self.environment.name
        return (
            f"{name} listens on {remembered.get('host')}:{remembered.get('port')}, and pipeline.py has {host}:{port} "
            f"now: ./ecluse stop {name}, then ./ecluse start {name}, moves it"
        )

    @property
    def _wanted(self) -> tuple[str, int]:
        """The address where the site listens if nobody else does."""
        public = urlsplit(self.environment.url)
        if not is_local(public.hostname):
            return "127.0.0.1", self.fronted or DEFAULT_PORT
        host = public.hostname if public.hostname and is_ip(public.hostname) else "127.0.0.1"
        return host, self.fronted or public.port or DEFAULT_PORT

    # The environment of the site's processes

    @property
    def secrets(self) -> SecretStore:
        return SecretStore(self.folder / "secrets.json", self.environment, self.environ)

    def configuration(self) -> Configuration:
        """The configuration of a release that is rolled out now. Nothing is written. Raises TargetError where a secret
        is missing.
        """
        environment = self.environment
        return Configuration(
            environment.settings,
            dict(environment.env),
            self.secrets.current(),
            environment.workers,
            (environment.readiness, *environment.health),
            environment.page,
        )

    def gate(self) -> str:
        """The secret by which our wrapper knows the gate's questions: made once, here."""
        path = self.folder / "gate"
        try:
            token = path.read_bytes().decode(errors="replace")
        except FileNotFoundError:
            token = secrets.token_urlsafe(32)
            if self.environment.page and self.folder.is_dir():
                durable.write(path, token, mode=0o600)
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}", token):
            raise TargetError(
                "the secret by which the site knows a rollout's questions cannot be read",
                where=str(path),
                hint="delete this file, then ./ecluse stop and ./ecluse start: the processes that run have the old one",
            )
        return token

    def variables(self, release: ServerRelease, database: str | None) -> dict[str, str]:
        """The environment of a process of *release*. Nothing of the deployer's own environment is in it."""
        configuration = release.configuration
        variables = {
            "PATH": os.pathsep.join([str(release.programs), "/usr/local/bin", "/usr/bin", "/bin"]),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": os.pathsep.join(map(str, release.imports)),
            "DJANGO_SETTINGS_MODULE": configuration.settings,
            "DJANGO_DEBUG": "0",
            "DJANGO_STATIC_ROOT": str(release.static),
            "DJANGO_MEDIA_ROOT": str(self.media),
            "ECLUSE_RELEASE": release.id,
            "ECLUSE_ENVIRONMENT": self.environment.name,
            "ECLUSE_HEALTH": " ".join(configuration.health),
        }
        if release.asgi:
            variables["ECLUSE_ASGI"] = "1"
        if configuration.page:
            variables |= {"ECLUSE_PAGE": configuration.page, "ECLUSE_GATE": self.gate()}
        if database is not None:
            variables["DATABASE_URL"] = database
        return {**variables, **configuration.variables, **configuration.secrets}


def _free(host: str, port: int) -> bool:
    """Whether we could listen there now. As Supervisor does: connections of an earlier server do not count.

    Raises TargetError where the port is not for this account.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except PermissionError:
            raise TargetError(
                f"this account may not listen on port {port}",
                hint="give the environment's url a port from 1024 on; a front server can have the lower one",
            ) from None
        except OSError:
            return False
    return True
