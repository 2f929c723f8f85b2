"""The API of an engine, reached as the ``docker`` command reaches it: a local socket, a context, TLS, or SSH.

``docker system dial-stdio`` joins its standard input and output to the engine's socket, wherever that is: one program
started, and every question after that is HTTP on its pipe. https://docs.docker.com/reference/api/engine/
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any
from urllib.parse import quote, urlencode

from ecluse.errors import TargetError
from ecluse.machine import process
from ecluse.secrets import masked

__all__ = ["Api", "Conflict", "Missing"]

# Engine 25, the first that asks a starting container for its health more often than one that runs.
VERSION = "v1.44"

TIMEOUT = 30.0
"""Seconds that one answer may take."""

PATIENCE = 60.0
"""Seconds that an engine which has answered before may be away: a cut network, a manager that restarts."""


class Missing(TargetError):
    """The engine knows no such thing."""


class Conflict(TargetError):
    """The object exists already, or somebody else has changed it."""


class Api:
    """The engine that *argv* (``docker`` and its options) reaches in the environment *environ*. *name* is what people
    call it.

    Every method raises TargetError where the engine cannot be reached, or refuses.
    """

    def __init__(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str],
        name: str,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._connection = _Piped((*argv, "system", "dial-stdio"), environ)
        self._patience, self._clock, self._sleep = patience, clock, sleep
        self._answered = False
        self._one_at_a_time = threading.Lock()

    def get(self, path: str, *, filters: Mapping[str, Sequence[str]] | None = None, **query: object) -> Any:
        """The engine's answer, read from JSON. The request is repeated for a while if an engine that answered before
        is away.
        """
        if filters is not None:
            query["filters"] = json.dumps({name: list(values) for name, values in filters.items()})
        return json.loads(self.read(path, **query))

    def read(self, path: str, **query: object) -> bytes:
        """The engine's answer as bytes, unparsed."""
        began = self._clock()
        while True:
            try:
                return self._ask("GET", path, query, None)
            except _Broken as error:
                if not self._answered or self._clock() - began > self._patience:
                    raise self._unreachable(error) from None
            self._sleep(1)

    def post(self, path: str, body: object = None, **query: object) -> Any:
        """Change something, once: what was sent is not sent again."""
        return self._change("POST", path, query, body)

    def delete(self, path: str) -> None:
        """Remove something. What is not there is removed."""
        with contextlib.suppress(Missing):
            self._change("DELETE", path, {}, None)

    def close(self) -> None:
        with self._one_at_a_time:
            self._connection.close()

    def _change(self, method: str, path: str, query: Mapping[str, object], body: object) -> Any:
        self.read("/_ping")  # on a connection that works, also after a cut
        try:
            answer = self._ask(method, path, query, body)
        except _Broken as error:
            raise self._unreachable(error) from None
        return json.loads(answer) if answer.strip() else None

    def _ask(self, method: str, path: str, query: Mapping[str, object], body: object) -> bytes:
        line = f"/{VERSION}{quote(path)}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Host": "docker"} | ({} if body is None else {"Content-Type": "application/json"})
        with self._one_at_a_time:
            try:
                self._connection.request(method, line, None if body is None else json.dumps(body), headers)
                response = self._connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                raise _Broken(self._connection.said or str(error) or type(error).__name__) from None
            if response.will_close:
                self._connection.close()
        self._answered = True
        if response.status < 400:
            return answer
        raise self._refused(response.status, answer, path)

    def _refused(self, status: int, answer: bytes, path: str) -> TargetError:
        try:
            what = str(json.loads(answer)["message"])
        except (ValueError, KeyError, TypeError):
            what = answer[:500].decode(errors="replace")
        if "is too new" in what or "client version" in what:
            return TargetError(f"the engine is too old: {what}", where=self.name, hint="Docker Engine 25 or newer")
        kind = {404: Missing, 409: Conflict}.get(status, TargetError)
        if "out of sequence" in what or "already exists" in what or "AlreadyExists" in what:
            kind = Conflict
        return kind(masked(f"the engine says {status} to {path}: {what}"), where=self.name)

    def _unreachable(self, error: Exception) -> TargetError:
        what = masked(str(error)).strip()
        return TargetError(f"no Docker engine answers: {what}", where=self.name, hint=_hint(what))


class _Broken(Exception):
    """The way to the engine does not work."""


class _Piped(http.client.HTTPConnection):
    """HTTP on the standard input and output of a program, started when it is first needed."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        super().__init__("docker")
        self._argv, self._environ = argv, environ
        self._program: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self.said = ""
        """The complaints of the program, once the connection is closed."""

    def connect(self) -> None:
        ours, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        with theirs:
            self._program = process.spawn(
                self._argv, env=self._environ, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=self._errors
            )
        ours.settimeout(TIMEOUT)
        self.sock = ours

    def close(self) -> None:
        super().close()  # getresponse() does so too, before it raises
        if self._program is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._program.wait(1)  # it sees the end of its input: what it has to say comes with its own
            process.stop(self._program, grace=2)
            self._program = None
        if self._errors is not None:
            self._errors.seek(0)
            self.said = self._errors.read(4000).decode(errors="replace").strip()
            self._errors.close()
            self._errors = None


def _hint(what: str) -> str:
    """The hint for a connection that failed with the message *what*."""
    lowered = what.lower()
    if "host key verification failed" in lowered:
        return "the host's key is not known, or is another one: ssh-keyscan HOST, compare it, then …_SSH_KNOWN_HOSTS"
    if "permission denied (" in lowered:
        return "the key is wrong, or not on the host: …_SSH_KEY, or the agent's; try `ssh USER@HOST docker version`"
    if "permission denied" in lowered:
        return "that account may not use Docker: usermod --append --groups docker USER"
    if any(
        word in lowered
        for word in ("timed out", "could not resolve", "connection refused", "connection closed", "no route")
    ):
        return "is the host up, and does it let this machine in? try `ssh USER@HOST docker version`"
    return "start it, or say where it is: DOCKER_HOST=ssh://USER@HOST, or DOCKER_CONTEXT=NAME"
