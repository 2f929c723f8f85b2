"""The engine that an environment lives on, and the way to it.

The ``docker`` command's own ways: ``DOCKER_HOST`` (``ssh://USER@HOST``), ``DOCKER_CONTEXT``, the context in use, the
local socket. A variable with the environment's name before it (``STAGING_DOCKER_HOST``) holds for that environment
alone.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from ecluse.deploy.targets.swarm.api import Api
from ecluse.errors import CommandError, TargetError
from ecluse.image.accounts import with_accounts
from ecluse.image.names import RegistryAddress
from ecluse.machine import process
from ecluse.secrets import Secret

__all__ = ["Connection", "connect", "own_name", "variable"]

DOCKER = ("docker",)


def variable(environ: Mapping[str, str], environment: str, name: str) -> str:
    """The value of *name* for *environment*: of ``STAGING_NAME``, else of ``NAME``; empty where neither is set."""
    return environ.get(own_name(environment, name)) or environ.get(name, "")


def own_name(environment: str, name: str) -> str:
    """``STAGING_NAME``: of the variable *name*, that of *environment* alone."""
    return f"{environment.upper().replace('-', '_')}_{name}"


class Connection:
    """A way to an engine: its API, and the ``docker`` command where that does more than the API."""

    def __init__(self, environ: Mapping[str, str], name: str) -> None:
        self.environ, self.name = environ, name
        self.api = Api(DOCKER, environ, name)

    def run(
        self,
        *arguments: str,
        input: str | None = None,
        timeout: float = 120,
        cwd: Path | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> str:
        """The output of ``docker ARGUMENTS``, with *extra* in its environment. Raises TargetError if it fails."""
        try:
            return process.read(
                (*DOCKER, *arguments),
                env={**self.environ, **(extra or {})},
                cwd=cwd,
                input=input,
                timeout=timeout,
            ).text
        except CommandError as error:
            raise TargetError(error.what, where=self.name) from None

    def attached(self, *arguments: str, extra: Mapping[str, str] | None = None) -> int:
        """Run ``docker ARGUMENTS`` on our own terminal, with the variables *extra*; its exit code."""
        return process.attached((*DOCKER, *arguments), env={**self.environ, **(extra or {})})


@contextlib.contextmanager
def connect(
    environ: Mapping[str, str], environment: str, registry: RegistryAddress | None = None
) -> Iterator[Connection]:
    """The engine of *environment*. Nothing is asked of it yet.

    An SSH key and known hosts are taken from ``SSH_KEY`` and ``SSH_KNOWN_HOSTS`` where they are set; the account of
    *registry*, where it has one, is the engine's for pulling. Both stand in files of this process alone, for as long
    as the context lasts.
    """
    folder = Path(tempfile.mkdtemp(prefix="ecluse-", dir=_short()))
    try:
        found = dict(environ)
        host = variable(environ, environment, "DOCKER_HOST")
        context = variable(environ, environment, "DOCKER_CONTEXT")
        found.pop("DOCKER_CONTEXT", None)
        found.pop("DOCKER_HOST", None)
        if host:
            found["DOCKER_HOST"] = host
        elif context:
            found["DOCKER_CONTEXT"] = context
        if registry is not None and registry.user:
            account = base64.b64encode(f"{registry.user}:{registry.password.reveal()}".encode()).decode()
            known = {registry.host: {"auth": Secret(account).reveal()}}
            found["DOCKER_CONFIG"] = str(with_accounts(folder / "docker", found, known))
        key, hosts = (variable(environ, environment, name) for name in ("SSH_KEY", "SSH_KNOWN_HOSTS"))
        for name in [name for name in found if name.endswith(("SSH_KEY", "SSH_KNOWN_HOSTS"))]:
            del found[name]  # for us, and for no program that we start
        with contextlib.ExitStack() as stack:
            if key or hosts or host.startswith("ssh://"):
                _ssh(folder, found, key, hosts)
                if host.startswith("ssh://"):
                    stack.enter_context(_shared(folder, found, host))
            connection = Connection(found, host or (f"context {context}" if context else "the engine of this machine"))
            stack.callback(connection.api.close)
            yield connection
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _short() -> str | None:
    """A folder for files of this process whose name is short enough for a socket; None for the usual one."""
    # unix(7): 107 bytes, of which ssh's own name for it takes 58, ours 16.
    return "/tmp" if len(os.fsencode(tempfile.gettempdir())) > 107 - 58 - 16 else None


def _ssh(folder: Path, environ: dict[str, str], key: str, hosts: str) -> None:
    """Let the programs that we start find an ``ssh`` of ours first: the same program, told what it needs to know."""
    real = process.find("ssh", path=environ.get("PATH"), hint="apt install openssh-client")
    lines = [
        "BatchMode yes",  # nobody is there to answer a question
        "ConnectTimeout 10",
        "ServerAliveInterval 5",
        "ServerAliveCountMax 6",
        f"ControlPath {folder}/%C",
    ]
    if key:
        _write(folder / "key", Secret(key).reveal().replace("\r", "").rstrip("\n") + "\n")
        lines += [f"IdentityFile {folder}/key", "IdentitiesOnly yes"]
    if hosts:
        _write(folder / "known_hosts", hosts.rstrip("\n") + "\n")
        lines += [f"UserKnownHostsFile {folder}/known_hosts", "StrictHostKeyChecking yes"]
    lines += ["Include ~/.ssh/config", "Include /etc/ssh/ssh_config"]
    _write(folder / "ssh_config", "\n".join(lines) + "\n")
    programs = folder / "bin"
    programs.mkdir()
    _write(programs / "ssh", f'#!/bin/sh\nexec {process.quote([real])} -F {folder}/ssh_config "$@"\n', mode=0o700)
    environ["PATH"] = os.pathsep.join((str(programs), environ.get("PATH", os.defpath)))


@contextlib.contextmanager
def _shared(folder: Path, environ: Mapping[str, str], host: str) -> Iterator[None]:
    """A shared SSH connection that all docker commands use, because making one takes time.

    It ends when our end of its standard input is closed, also if this process is killed.
    """
    master = process.spawn(
        _argv(folder, host),
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.stop(master, grace=2)
        if master.stdin is not None:
            master.stdin.close()


def _argv(folder: Path, host: str) -> Sequence[str]:
    parts = urlsplit(host)
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or parts.path.strip("/"):
        raise TargetError("this is no address of a host", where=host, hint="DOCKER_HOST=ssh://USER@HOST[:PORT]")
    user = ("-l", parts.username) if parts.username else ()
    number = ("-p", str(port)) if port else ()
    program = str(folder / "bin" / "ssh")
    return (program, "-o", "ControlMaster=yes", "-T", *user, *number, "--", parts.hostname, "cat")


def _write(path: Path, text: str, *, mode: int = 0o600) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
