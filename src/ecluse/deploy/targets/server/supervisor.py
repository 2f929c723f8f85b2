"""Supervisor: what its file says, and how it is asked and told things while it runs.

Nothing of a release stands in its file: `supervisorctl update`, which starts changed programs again, would drop
requests. A program is only ever added.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shlex
import socket
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecluse.errors import TargetError

__all__ = ["ALIVE", "Client", "Program", "Refused", "configuration"]

_LONGEST = 103

# https://github.com/Supervisor/supervisor/blob/main/supervisor/xmlrpc.py, class Faults
_SHUTDOWN_STATE, _ALREADY_STARTED, _NOT_RUNNING = 6, 60, 70

ALIVE = frozenset({"STARTING", "RUNNING", "BACKOFF"})
"""The states of a program that runs, or is being started again after it ended by itself."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program that Supervisor runs. Several processes, or such that have a socket, are told their numbers.

    These begin with *first*; with *listen* (``host:port``) each process has that socket as fd 0.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    user: str | None = None
    environment: Mapping[str, str] | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 60
    count: int = 1
    listen: str | None = None
    first: int = 0

    def section(self) -> str:
        """The program's section of the file. Started when told to, then again whenever it ends by itself."""
        lines = {
            "command": _line(self.argv),
            "autostart": "false",
            "autorestart": "true",
            "startsecs": "1",
            # For ever, a second later each time: a slot must not stay dead because its database was away for a minute.
            "startretries": "1000000",
            "stopsignal": self.stop_signal,
            "stopwaitsecs": str(self.stop_seconds),
            "redirect_stderr": "true",
            "stdout_logfile": _escaped(str(self.log)),
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": "3",
        }
        if self.user is not None:
            lines["user"] = self.user
        if self.environment:
            lines["environment"] = ",".join(f'{name}="{_escaped(value)}"' for name, value in self.environment.items())
        if self.listen is not None:
            lines["socket"] = f"tcp://{self.listen}"
            lines["socket_backlog"] = "1024"
        if self.listen is not None or self.count > 1:
            lines["command"] += " %(process_num)d"
            lines["process_name"] = "%(process_num)d"
            lines["numprocs"] = str(self.count)
            lines["numprocs_start"] = str(self.first)
            lines["stdout_logfile"] += "-%(process_num)d.log"
        kind = "fcgi-program" if self.listen is not None else "program"
        return "\n".join([f"[{kind}:{self.name}]", *(f"{key}={value}" for key, value in lines.items())]) + "\n"


def configuration(programs: Sequence[Program], socket_path: Path, *, root: bool) -> str:
    """The whole file, for a supervisord that runs in the environment's folder. It has that folder nowhere: paths are
    relative, so that any characters may be in it.
    """
    head = f"""\
; Written by ecluse when this environment is started. Nothing of a release stands here.
[supervisord]
nodaemon=true
silent=true
logfile=supervisord.log
pidfile=supervisord.pid
childlogdir=.
umask=022
{"user=root" if root else ""}

[unix_http_server]
file={socket_path}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
    return "\n".join([head, *(program.section() for program in programs)])


def _line(argv: Sequence[str]) -> str:
    return _escaped(shlex.join(argv))


def _escaped(value: str) -> str:
    # Supervisor expands %(name)s in every value.
    return value.replace("%", "%%")


class Refused(TargetError):
    """Supervisor's refusal of what it was asked, with the *code* of its fault."""

    # B042 is about pickling: an error is shown where it is caught.
    def __init__(self, method: str, path: Path, fault: xmlrpc.client.Fault) -> None:  # noqa: B042
        self.code = fault.faultCode
        if self.ending:
            what, hint = "Supervisor is ending, and the site with it", "./ecluse start ENVIRONMENT, once it has ended"
        else:
            what, hint = f"Supervisor refuses {method}: {fault.faultString}", None
        super().__init__(what, where=str(path), hint=hint)

    @property
    def ending(self) -> bool:
        """Whether the reason is that Supervisor is ending: it takes no more orders."""
        return self.code == _SHUTDOWN_STATE


class Client:
    """Talks to a running supervisord. Every method raises TargetError where none answers, Refused where it refuses."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path

    def alive(self) -> bool:
        """Whether a supervisord answers. Raises Refused where it is ending."""
        try:
            self._call("getState")
        except Refused:
            raise
        except TargetError:
            return False
        return True

    def ending(self) -> bool:
        """Whether a supervisord runs that is ending."""
        try:
            self.alive()
        except Refused as error:
            return error.ending
        return False

    def states(self) -> dict[str, Mapping[str, Any]]:
        """The state of each program, by its name (``group:name``): ``statename``, ``pid``, ``start``, ``spawnerr``…"""
        return {f"{one['group']}:{one['name']}": one for one in self._call("getAllProcessInfo")}

    def start(self, name: str) -> None:
        """Start a program; nothing where it runs. Does not wait for it."""
        try:
            self._call("startProcess", name, False)
        except Refused as error:
            if error.code != _ALREADY_STARTED:
                raise

    def stop(self, name: str) -> None:
        """Send a program its stop signal; nothing where it does not run. Does not wait for its end."""
        try:
            self._call("stopProcess", name, False)
        except Refused as error:
            if error.code != _NOT_RUNNING:
                raise

    def add(self, name: str) -> None:
        """Read the file again and add the program *name* to those that are there, which go on as they are."""
        self._call("reloadConfig")
        self._call("addProcessGroup", name)

    def shutdown(self) -> None:
        """End supervisord. Does not wait for its end."""
        self._call("shutdown")

    def _call(self, method: str, *arguments: object) -> Any:
        transport = _Transport(str(self._path))
        with xmlrpc.client.ServerProxy("http://supervisor", transport=transport) as proxy:
            try:
                return getattr(proxy.supervisor, method)(*arguments)
            except xmlrpc.client.Fault as fault:
                raise Refused(" ".join((method, *map(str, arguments[:1]))), self._path, fault) from None
            except xmlrpc.client.ProtocolError as error:
                raise TargetError(
                    f"Supervisor failed at {method} {' '.join(map(str, arguments))}: {error.errcode} {error.errmsg}",
                    where=str(self._path),
                    hint="supervisord.log, in the environment's folder, says why",
                ) from None
            except (OSError, http.client.HTTPException) as error:
                raise TargetError(f"Supervisor does not answer: {error}", where=str(self._path)) from None


@contextlib.contextmanager
def _reachable(path: str) -> Iterator[str]:
    """The socket *path*, short enough to connect to: sun_path holds 107 bytes."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield path
        return
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    finally:
        os.close(folder)


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("supervisor", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with _reachable(self._path) as path:
            self.sock.connect(path)


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        # Kept where the base class looks for what it has to close.
        connection = _Connection(self._path)
        self._connection = host, connection
        return connection
