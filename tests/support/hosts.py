"""Machines to deploy to, for tests: containers with an SSH server and an engine of their own, joined in a swarm."""

from __future__ import annotations

import contextlib
import functools
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.support.containers import await_, docker, port_of
from tests.support.swarm import LABEL

__all__ = ["Hosts", "hosts"]


class Hosts:
    """*names* are the containers, the manager first; *addresses* where they are reached; *registry* all of them reach.

    *key* and *known_hosts* are what an SSH client needs to be the account ``deploy`` there.
    """

    def __init__(self, names: list[str], registry: str, pushed_to: str, key: str) -> None:
        self.names, self.registry, self.pushed_to, self.key = names, registry, pushed_to, key
        self.addresses = [address_of(name) for name in names]
        self.known_hosts = ""

    def inside(self, *arguments: str, number: int = 0, check: bool = True) -> str:
        """What ``docker ARGUMENTS`` prints on a machine, the manager by default."""
        return docker("exec", self.names[number], "docker", *arguments, check=check).stdout.strip()

    @property
    def url(self) -> str:
        """The DOCKER_HOST of the manager."""
        return f"ssh://deploy@{self.addresses[0]}"


def address_of(container: str) -> str:
    networks = json.loads(docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", container).stdout)
    (network,) = networks.values()
    return str(network["IPAddress"])


@contextlib.contextmanager
def hosts(folder: Path, number: int, *, swarm: bool = True) -> Iterator[Hosts]:
    """*number* machines and a registry; what they need to know of each other is in *folder*."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    public = (folder / "key.pub").read_text().strip()
    made: list[str] = []

    def start(*arguments: str) -> str:
        made.append(docker("run", "--detach", "--label", LABEL, *arguments).stdout.strip())
        return made[-1]

    try:
        registry = start("--publish", "127.0.0.1::5000", "registry:2")
        reached = f"{address_of(registry)}:5000"
        options = ("--privileged", "--volume", "/var/lib/docker", "--env", f"AUTHORIZED_KEY={public}")
        insecure = ("--env", f"DOCKERD_OPTIONS=--insecure-registry {reached}")
        names = [start(*options, *insecure, "docker-host:latest") for _ in range(number)]
        found = Hosts(names, reached, f"127.0.0.1:{port_of(registry, 5000)}", (folder / "key").read_text())
        for name in names:
            ready = functools.partial(docker, "exec", name, "docker", "version", check=False)
            await_(lambda ready=ready: ready().returncode == 0, "its engine answers", 60)  # type: ignore[misc]
        if swarm:
            found.inside("swarm", "init", "--advertise-addr", found.addresses[0])
            token = found.inside("swarm", "join-token", "--quiet", "worker")
            for at in range(1, number):
                found.inside("swarm", "join", "--token", token, f"{found.addresses[0]}:2377", number=at)
        scan = subprocess.run(["ssh-keyscan", *found.addresses], text=True, capture_output=True, check=True)
        found.known_hosts = scan.stdout
        yield found
    finally:
        docker("rm", "--force", "--volumes", *made)
