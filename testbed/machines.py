"""A machine as a cloud hands it over, for tests of what is done to one over SSH: a container with systemd and sshd."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ecluse.machine import process
from testbed.containers import TOP, await_, docker, free_port
from testbed.shop import Shop
from testbed.waiting import until

__all__ = ["DistantShop", "Machine", "ProvisionedShop", "empty_machine", "machine"]

LABEL = "ecluse.test=machine"
IMAGE = "bare-machine:13"
ACCOUNT = "shop"

# Of the site's packages, those that the small project needs.
NEEDED = ("asgiref", "django", "gunicorn", "packaging", "psycopg2-binary", "sqlparse", "whitenoise")


class Machine:
    """The machine *name* at *address*; *key* is the private key that root's account, and the site's, let in."""

    def __init__(self, name: str, address: str, key: str) -> None:
        self.name, self.address, self.key = name, address, key

    def run(self, script: str) -> str:
        """The output of a script of root's shell there."""
        return docker("exec", self.name, "sh", "-ec", script).stdout.strip()

    @property
    def host_key(self) -> str:
        """The machine's own public key, read on its console."""
        return " ".join(self.run("cat /etc/ssh/ssh_host_ed25519_key.pub").split()[:2])

    @property
    def public_key(self) -> str:
        """The key that may sign in."""
        return " ".join(self.run("head -n 1 /root/.ssh/authorized_keys").split()[:2])


@contextlib.contextmanager
def empty_machine(folder: Path, image: str = IMAGE) -> Iterator[Machine]:
    """A machine as it is rented: root may sign in with the key in *folder*."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    public = (folder / "key.pub").read_text().strip()
    options = ("--privileged", "--tmpfs", "/run", "--tmpfs", "/run/lock", "--env", f"AUTHORIZED_KEY={public}")
    name = docker("run", "--detach", "--label", LABEL, *options, image).stdout.strip()
    try:
        up = ("exec", name, "systemctl", "is-active", "ssh.service")
        await_(lambda: docker(*up, check=False).returncode == 0, "its SSH server runs", 120)
        networks = json.loads(docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", name).stdout)
        [network] = networks.values()
        yield Machine(name, network["IPAddress"], (folder / "key").read_text())
    finally:
        docker("rm", "--force", "--volumes", name)


@contextlib.contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """A machine with an account for a site, and the one package that Debian lacks for that; its key is in *folder*."""
    with empty_machine(folder) as found:
        found.run(
            "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv; "
            f"useradd --create-home --shell /bin/bash {ACCOUNT}; cp -r /root/.ssh /home/{ACCOUNT}/; "
            f"chown -R {ACCOUNT}: /home/{ACCOUNT}/.ssh; "
            # The authorities that the image trusts, for programs that bring their own.
            "echo SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt >>/etc/environment"
        )
        yield found


class DistantShop(Shop):
    """The small project in *folder*, whose environment ``local`` is on *machine*. Its host key is not pinned yet."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        super().__init__(folder)
        self.machine = machine
        self.variables: dict[str, str] = {"LOCAL_SSH_KEY": machine.key, "TOKEN": "a-value-for-the-site-alone"}
        (folder / "requirements").mkdir()
        shutil.copy(TOP / "requirements" / "ecluse.txt", folder / "requirements")
        whole = (TOP / "requirements" / "site.txt").read_text()
        entries = re.findall(r"^(\S+)==(?:.*\\\n)(?:[ \t].*\n)*", whole, re.MULTILINE)
        assert set(NEEDED) <= set(entries)
        kept = [
            match.group()
            for match in re.finditer(r"^(\S+)==(?:.*\\\n)(?:[ \t].*\n)*", whole, re.MULTILINE)
            if match.group(1) in NEEDED
        ]
        (folder / "requirements.txt").write_text("".join(kept))
        self._pipeline = (folder / "pipeline.py").read_text()
        self.pin("")

    def pin(self, host_key: str) -> None:
        """Name the machine in pipeline.py, with *host_key*."""
        fields = {"host": self.machine.address, "user": ACCOUNT, "host_key": host_key}
        secrets = 'secrets=("LOCAL_SSH_KEY", "TOKEN"),'
        lines = [*(f"{name}={value!r}," for name, value in fields.items()), secrets, "faces_world=False,"]
        text = self._pipeline.replace("faces_world=False,", " ".join(lines))
        (self.folder / "pipeline.py").write_text(text)

    def environ(self) -> dict[str, str]:
        return {**super().environ(), **self.variables}

    def ecluse(self, *arguments: str, check: bool = True) -> process.Completed:
        argv = (sys.executable, "-m", "ecluse", *arguments)
        return process.run(argv, cwd=self.folder, env=self.environ(), check=check, timeout=900)

    def data(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        argv = (sys.executable, "-m", "ecluse", *arguments)
        return json.loads(process.read(argv, cwd=self.folder, env=self.environ(), check=False, timeout=900).text)

    def status(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.data("status", "local", "--json")
        return found

    def release(self, version: str, *, migration: str | None = None, **behaviour: object) -> str:
        id = super().release(version, migration=migration, **behaviour)
        # Made on this machine, of files that are the same for every Python: say that the other one's may run it.
        path = self.folder / ".ecluse" / "releases" / f"{id}.json"
        python = self.machine.run("python3 -c 'import sys; print(*sys.version_info[:2], sep=\".\")'")
        path.write_text(re.sub(r"cpython-3\.\d+", f"cpython-{python}", path.read_text()))
        return id

    @property
    def said(self) -> str:
        """All that commands which were begun have printed."""
        log = self.folder / ".ecluse" / "begun.log"
        return log.read_text() if log.exists() else ""

    def await_said(self, text: str, after: int) -> None:
        """Wait until *text* has been printed behind the first *after* characters."""
        until(lambda: text in self.said[after:], f"{text!r} in {self.said[after:]!r}", seconds=300)

    @contextlib.contextmanager
    def tunnel(self) -> Iterator[int]:
        """A port of this machine that leads to the site's, which listens on the other machine's loopback alone."""
        port = free_port()
        (self.folder / ".ecluse" / "key").write_text(self.machine.key)
        (self.folder / ".ecluse" / "key").chmod(0o600)
        (self.folder / ".ecluse" / "known").write_text(f"{self.machine.address} {self.machine.host_key}\n")
        options = (f"UserKnownHostsFile={self.folder}/.ecluse/known", "ExitOnForwardFailure=yes")
        argv = ["ssh", "-N", "-i", f"{self.folder}/.ecluse/key", "-L", f"127.0.0.1:{port}:127.0.0.1:8700"]
        argv += [word for option in options for word in ("-o", option)]
        popen = process.spawn([*argv, f"{ACCOUNT}@{self.machine.address}"])
        try:
            until(lambda: _connects(port), "the tunnel", seconds=300)
            yield port
        finally:
            process.stop(popen)

    @staticmethod
    def cut(popen: subprocess.Popen[bytes]) -> int:
        """Kill the SSH clients that a command has started. Returns their number."""
        number = 0
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(stat[1]) == popen.pid and b"ssh" in (entry / "cmdline").read_bytes().split(b"\0")[0]:
                    os.kill(int(entry.name), signal.SIGKILL)
                    number += 1
        return number

    def close(self) -> None:
        """Leave it running: the machine ends with the test."""


class ProvisionedShop(DistantShop):
    """The small project, whose machine is provisioned with a PostgreSQL, and saves its data every day if at all."""

    def pin(self, host_key: str) -> None:
        super().pin(host_key)
        fields = f"keys=({self.machine.public_key!r},), postgresql=True, packages=('redis-server',)"
        provision = f"import ecluse\nPROVISION = ecluse.Provision({fields})\n"
        text = (self.folder / "pipeline.py").read_text().replace("faces_world", "provision=PROVISION, faces_world")
        text = text.replace("repository=BACKUPS,", "repository=BACKUPS, every='day',")
        (self.folder / "pipeline.py").write_text(text.replace("import os\n", f"import os\n{provision}"))

    def changes(self, *arguments: str) -> list[str]:
        """The items that a command has changed, or would change."""
        return list(self.data(*arguments, "local", "--json")["changes"])

    def serves(self) -> str | None:
        found: str | None = self.status()["serving"]
        return found


def _connects(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
