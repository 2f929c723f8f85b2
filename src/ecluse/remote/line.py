"""The way to a machine: OpenSSH's own client, told which key the machine has.

People's configuration of the client holds (names of hosts, ports, jumps, agents), but for what decides whether the
machine is the right one: only the pinned key is accepted, and nothing is ever learned.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ecluse.definition.model import Environment
from ecluse.errors import TargetError
from ecluse.machine import process
from ecluse.machine.streams import pump
from ecluse.secrets import Secret, masked

__all__ = ["ALIAS", "Cut", "Line", "Reach", "connect", "key_names", "reason", "told"]

ALIAS = "the-machine-of-this-environment"
"""The name under which the pinned key is looked up, however the machine is reached."""

CUT = 255
"""The exit code of ssh where the connection failed, and not the program."""

# Half a minute without an answer is a cut line.
_OPTIONS = (
    "BatchMode=yes",  # nobody is there to answer a question
    "ConnectTimeout=10",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=6",
    "Compression=yes",
    "LogLevel=ERROR",
    "RemoteCommand=none",
    "PermitLocalCommand=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    f"HostKeyAlias={ALIAS}",
    "GlobalKnownHostsFile=/dev/null",
    "KnownHostsCommand=none",
    "HashKnownHosts=no",
    "UpdateHostKeys=no",
    "VerifyHostKeyDNS=no",
    "CheckHostIP=no",
    "NoHostAuthenticationForLocalhost=no",
)


class Cut(TargetError):
    """The machine cannot be reached, or the connection to it was cut."""


@dataclass(frozen=True)
class Reach:
    """How a machine is reached: the fields of an environment, and the private *key* that the caller gave, if any."""

    host: str
    user: str = ""
    port: int | None = None
    host_key: str = ""
    key: Secret | None = None

    @classmethod
    def of(cls, environment: Environment, environ: Mapping[str, str]) -> Reach:
        """How *environment*'s machine is reached by a caller with the variables *environ*."""
        key = next((environ[name] for name in key_names(environment) if environ.get(name)), "")
        return cls(
            environment.host,
            environment.user,
            environment.port,
            environment.host_key,
            Secret(key) if key else None,
        )

    @property
    def name(self) -> str:
        """The machine as people write it."""
        return (f"{self.user}@" if self.user else "") + self.host + (f":{self.port}" if self.port else "")


def key_names(environment: Environment) -> tuple[str, str]:
    """The variables that may have the private key for *environment*: of it alone, then of all. Without a value, the
    keys of the client's configuration and of its agent are tried.
    """
    return f"{environment.name.upper().replace('-', '_')}_SSH_KEY", "SSH_KEY"


@dataclass(frozen=True)
class Line:
    """An open connection to a machine. *argv* is the client with all it is told; a shell's command comes after it."""

    reach: Reach
    argv: tuple[str, ...]
    environ: Mapping[str, str]

    def command(self, script: str, *options: str) -> tuple[str, ...]:
        """The command line that runs *script* in the shell of the machine."""
        return (*self.argv, *options, "--", self.reach.host, script)

    def ask(self, script: str, *, input: str | None = None, timeout: float | None = 120) -> process.Answer:
        """Run *script* on the server to its end. Raises Cut if the connection is lost."""
        answer = process.read(self.command(script, "-T"), env=self.environ, input=input, timeout=timeout, check=False)
        if answer.returncode == CUT or answer.returncode < 0 or answer.timed_out:
            raise reason(self.reach, answer.errors)
        return answer

    def send(self, script: str, source: Path) -> process.Answer:
        """Run *script* there with the file *source* as its input. Raises Cut where the line does not hold."""
        with open(source, "rb") as file:
            return self.stream(self.command(script, "-T"), lambda piece: None, stdin=file)

    def stream(
        self, argv: tuple[str, ...], sink: Callable[[bytes], None], *, stdin: IO[bytes] | None = None
    ) -> process.Answer:
        """Run *argv* to its end; *sink* gets each piece of its output as it comes. Raises Cut where the line does not
        hold.
        """
        errors: list[bytes] = []
        program = process.spawn(
            argv,
            env=self.environ,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert program.stdout is not None and program.stderr is not None
        with program.stdout, program.stderr:
            try:
                for _ in pump(program, [(program.stdout, sink), (program.stderr, errors.append)], None):
                    pass
                code = program.wait()
            finally:
                process.stop(program, grace=2)
        if code == CUT or code < 0:
            raise reason(self.reach, b"".join(errors))
        return process.Answer(argv, code, b"", b"".join(errors))


@contextlib.contextmanager
def connect(reach: Reach, environ: Mapping[str, str]) -> Iterator[Line]:
    """A connection to the machine, for as long as the context lasts; commands share it.

    Raises TargetError where no key is pinned, where the machine shows another one, and where it lets nobody in; Cut
    where it cannot be reached.
    """
    if not reach.host_key:
        raise TargetError(
            "the key of this machine is not pinned in pipeline.py",
            where=reach.name,
            hint="./ecluse host-key ENVIRONMENT prints the line that pins it",
        )
    with told(reach, environ, f"{ALIAS} {reach.host_key}\n", "StrictHostKeyChecking=yes") as (line, _known):
        master = process.spawn(
            line.command("echo ready; exec cat", "-T", "-o", "ControlMaster=yes"),
            env=line.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert master.stdin is not None and master.stdout is not None and master.stderr is not None
        with master.stdin, master.stdout, master.stderr:
            try:
                if master.stdout.readline().strip() != b"ready":
                    raise reason(reach, master.stderr.read(4000))
                yield line
            finally:
                # It ends with its input, also where this process is killed.
                process.stop(master, grace=2)


@contextlib.contextmanager
def told(reach: Reach, environ: Mapping[str, str], known: str, *options: str) -> Iterator[tuple[Line, Path]]:
    """The client with *options* and the lines *known* of known hosts, and the file that has these. The private key
    stands in a file of this process alone, for as long as the context lasts.
    """
    program = process.find("ssh", path=environ.get("PATH"), hint="apt install openssh-client")
    # A socket's name has 107 bytes at most: unix(7). Ours and what ssh adds to it while it is made are 40.
    long = len(os.fsencode(tempfile.gettempdir())) > 107 - 40
    folder = Path(tempfile.mkdtemp(prefix="ecluse-", dir="/tmp" if long else None))
    try:
        hosts = folder / "known_hosts"
        hosts.write_text(known, encoding="ascii")
        chosen = [*_OPTIONS, *options, f"UserKnownHostsFile={hosts}", f"ControlPath={folder}/line"]
        if reach.key is not None:
            with open(os.open(folder / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(reach.key.reveal().replace("\r", "").rstrip("\n") + "\n")
            chosen += [f"IdentityFile={folder}/key", "IdentitiesOnly=yes"]
        argv = [program, *(word for option in chosen for word in ("-o", option))]
        argv += ["-l", reach.user] if reach.user else []
        argv += ["-p", str(reach.port)] if reach.port else []
        # The key is for the client, and for no program that it starts.
        yield Line(reach, tuple(argv), {name: environ[name] for name in environ if not name.endswith("SSH_KEY")}), hosts
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def reason(reach: Reach, said: bytes) -> TargetError:
    """The error for a connection that failed with the message *said*: Cut where trying again may help."""
    text = masked(said.decode(errors="replace")).strip()
    lowered = text.lower()
    if "host key verification failed" in lowered or "no matching host key" in lowered:
        return TargetError(
            "this machine shows another key than the one that is pinned in pipeline.py: nothing was sent to it",
            where=reach.name,
            hint="if it was installed anew, pin its new key: ./ecluse host-key ENVIRONMENT. Otherwise somebody is"
            " between you and it",
        )
    if "permission denied" in lowered or "too many authentication failures" in lowered:
        return TargetError(
            f"the machine lets nobody in with this key: {text.splitlines()[-1]}",
            where=reach.name,
            hint=f"is the public key in ~/.ssh/authorized_keys of {reach.user or 'that account'} there? In CI the"
            " private one is the secret …_SSH_KEY",
        )
    return Cut(
        f"the machine cannot be reached: {text or 'the connection was closed'}",
        where=reach.name,
        hint="is it up, and does its firewall let this machine in?",
    )
