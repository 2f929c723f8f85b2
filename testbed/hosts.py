"""Machines to deploy to, for tests: containers with an SSH server and an engine of their own, joined in a swarm."""

from __future__ import annotations

import contextlib
import functools
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from testbed.containers import await_, docker, port_of
from testbed.swarm import FRONT, LABEL, SwarmShop

__all__ = ["ACCOUNT", "DATABASE", "Hosts", "hosts"]

DATABASE = "postgres:18-trixie"

# It opens nothing but the registry of these tests.
ACCOUNT, HTPASSWD = "ci:throwaway-password", "ci:$2b$05$MARDRJKuAY2pkNI0ORklf..wvAbqE9iIOFYKuGpwsamvnjKkuadlS"


class Hosts:
    """*names* are the containers, the manager first; *addresses* where they are reached; *registry* all of them reach.

    *guarded* is the same registry for those with the account ``ACCOUNT``, and for nobody else. *key* and *known_hosts*
    are what an SSH client needs to be the account ``deploy`` there.
    """

    def __init__(self, names: list[str], registry: str, guarded: str, pushed_to: str, key: str) -> None:
        self.names, self.registry, self.guarded, self.pushed_to, self.key = names, registry, guarded, pushed_to, key
        self.addresses = [address_of(name) for name in names]
        self.known_hosts = ""

    def inside(self, *arguments: str, number: int = 0, check: bool = True) -> str:
        """The output of ``docker ARGUMENTS`` on a machine, by default the manager."""
        return docker("exec", self.names[number], "docker", *arguments, check=check).stdout.strip()

    def shop(self, folder: Path, *, state: int = 0, **variables: str) -> SwarmShop:
        """The small shop in *folder*, rolled out to them by SSH, its database and its front server on machine *state*.

        They have that image and the shop's from the registry. *variables* are added to every command's environment.
        """
        for image, name in ((FRONT, "front"), (DATABASE, "postgres")):
            docker("tag", image, f"{self.pushed_to}/{name}:1")
            docker("push", "--quiet", f"{self.pushed_to}/{name}:1")
        return SwarmShop(
            folder,
            self.pushed_to,
            pulled_from=self.registry,
            host=self.url,
            address=self.addresses[state],
            inside=self.names[0],
            state=self.names[state],
            STAGING_SSH_KEY=self.key,
            STAGING_SSH_KNOWN_HOSTS=self.known_hosts,
            SHOP_FRONT=f"{self.registry}/front:1",
            SHOP_DATABASE=f"{self.registry}/postgres:1",
            **variables,
        )

    def keep_state(self, number: int) -> None:
        """Say that what has state is to be on this machine."""
        self.inside("node", "update", "--label-add", "ecluse.state=true", self.names[number][:12])

    def restart_engine(self, number: int) -> None:
        """End the engine of a machine, with all its containers, and start it again."""
        ends = "kill $(cat /var/run/docker.pid); while test -e /var/run/docker.pid; do sleep 0.1; done"
        docker("exec", self.names[number], "sh", "-c", ends)
        starts = "exec dockerd $DOCKERD_OPTIONS >>/var/log/dockerd.log 2>&1"
        docker("exec", "--detach", self.names[number], "sh", "-c", starts)
        ready = ("exec", self.names[number], "docker", "version")
        await_(lambda: docker(*ready, check=False).returncode == 0, "its engine answers", 60)

    @contextlib.contextmanager
    def cut(self, number: int, peer: str | None = None) -> Iterator[None]:
        """No packet passes between a machine and *peer*, or anybody else, for as long as the context lasts."""
        rules = [
            (chain, *("--in-interface" if chain == "INPUT" else "--out-interface", "eth0"))
            + ((way, peer) if peer else ())
            + ("--jump", "DROP")
            for chain, way in (("INPUT", "--source"), ("OUTPUT", "--destination"))
        ]
        for rule in rules:
            docker("exec", self.names[number], "iptables", "--wait", "--insert", *rule)
        try:
            yield
        finally:
            for rule in rules:
                docker("exec", self.names[number], "iptables", "--wait", "--delete", *rule)

    @property
    def url(self) -> str:
        """The DOCKER_HOST of the manager."""
        return f"ssh://deploy@{self.addresses[0]}"


def address_of(container: str) -> str:
    networks = json.loads(docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", container).stdout)
    (network,) = networks.values()
    return str(network["IPAddress"])


@contextlib.contextmanager
def hosts(folder: Path, number: int, *, swarm: bool = True, disk: str | None = None) -> Iterator[Hosts]:
    """*number* machines and a registry; what they need to know of each other is in *folder*.

    The engine of each has a *disk* of that size ("2g") for all that it keeps, or this machine's.
    """
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    public = (folder / "key.pub").read_text().strip()
    made: list[str] = []

    def start(*arguments: str) -> str:
        made.append(docker("run", "--detach", "--label", LABEL, *arguments).stdout.strip())
        return made[-1]

    try:
        registry = start("--publish", "127.0.0.1::5000", "--volume", "/var/lib/registry", "registry:2")
        (folder / "htpasswd").write_text(HTPASSWD)
        guarded = start(
            *("--volumes-from", registry, "--volume", f"{folder}:/auth:ro", "--env", "REGISTRY_AUTH=htpasswd"),
            *("--env", "REGISTRY_AUTH_HTPASSWD_REALM=tests", "--env", "REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd"),
            "registry:2",
        )
        kept = ("--tmpfs", f"/var/lib/docker:exec,size={disk}") if disk else ("--volume", "/var/lib/docker")
        options = ("--privileged", *kept, "--env", f"AUTHORIZED_KEY={public}")
        plain = ("--env", "DOCKERD_OPTIONS=--insecure-registry 0.0.0.0/0")
        names = [start(*options, *plain, "docker-host:latest") for _ in range(number)]
        found = Hosts(
            names,
            f"{address_of(registry)}:5000",
            f"{address_of(guarded)}:5000",
            f"127.0.0.1:{port_of(registry, 5000)}",
            (folder / "key").read_text(),
        )
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
