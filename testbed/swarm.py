"""The small shop as images, rolled out to a swarm: on this machine's engine, or on any that DOCKER_HOST names."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ecluse.machine import process
from ecluse.providers import PROVIDERS
from testbed.containers import TOP, await_, docker, free_port
from testbed.load.visitors import Load

__all__ = ["LABEL", "SwarmShop", "base_images", "once", "remove", "unharmed"]

LABEL = "ecluse.test=swarm"
BASE, FRONT = "ecluse-swarm-base:under-test", "ecluse-swarm-front:under-test"

_ROLLOUT = TOP / "testbed" / "projects" / "server"
_SWARM = TOP / "testbed" / "projects" / "swarm"
_MIGRATION = """\
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [{operation}]
"""


def base_images() -> None:
    """The base of the shop's images and of its front server: the site's own images, of this working tree."""
    for target, tag in (("applayer", BASE), ("staticlayer", FRONT)):
        docker("build", "--quiet", "--target", target, "--tag", tag, str(TOP))


class SwarmShop:
    """The shop in *folder*, its images in the registry at *registry*, its environment ``staging`` in a swarm.

    *host* is the swarm's DOCKER_HOST, and *address* where its front server is reached; without them it is this
    machine's engine. Nodes pull from *pulled_from*, where that is not *registry*; *inside* is the container whose
    engine is the swarm's manager, if it is not this machine's, *state* the one whose engine has the database, if that
    is another. *variables* are added to every command's environment.
    """

    def __init__(
        self,
        folder: Path,
        registry: str,
        *,
        host: str | None = None,
        address: str = "127.0.0.1",
        pulled_from: str | None = None,
        inside: str | None = None,
        state: str | None = None,
        **variables: str,
    ) -> None:
        self.folder, self.registry, self._pulled_from = folder, registry, pulled_from or registry
        self.name = f"shop{secrets.token_hex(3)}"
        self.stack = f"{self.name}-staging"
        self.port = free_port()
        self.address, self._inside, self._state = address, inside, state or inside
        self._made: dict[str, str] = {}
        for source in (_ROLLOUT, _SWARM):
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        for name in ("gate.py", "gunicorn.conf.py"):
            shutil.copy(TOP / "ops" / "container" / name, folder)
        (folder / "secrets").mkdir()
        (folder / "secrets" / "django_secret_key").write_text(secrets.token_urlsafe(50))
        (folder / ".gitignore").write_text("/.ecluse/\n/secrets/\n__pycache__/\n")
        self.git("init", "--quiet")
        self.commit("the shop")
        markers = (provider.marker for provider in PROVIDERS.values())
        without = ("DOCKER_HOST", "DOCKER_CONTEXT", "ECLUSE_", "STAGING_", "PRODUCTION_", *markers)
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(without)},
            **({"STAGING_DOCKER_HOST": host} if host else {}),
            "PYTHONPATH": str(TOP / "src"),
            "NO_COLOR": "1",
            "ECLUSE_REGISTRY": f"http://{self._pulled_from}",
            "ECLUSE_SECRETS": str(folder / "secrets"),
            "SHOP_NAME": self.name,
            "SHOP_PORT": str(self.port),
            "SHOP_ADDRESS": address,
            "SHOP_PRODUCTION_PORT": str(free_port()),
            "SHOP_FRONT": FRONT,
            **variables,
        }

    # The command, as a person calls it

    def ecluse(self, *arguments: str, check: bool = True, timeout: float = 400, **env: str) -> process.Completed:
        argv = (sys.executable, "-m", "ecluse", *arguments)
        return process.run(argv, cwd=self.folder, env={**self.environ, **env}, check=check, timeout=timeout)

    def begin(self, *arguments: str, within: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """The command, without waiting for its end. *within* is a program that starts it."""
        (self.folder / ".ecluse").mkdir(exist_ok=True)
        with open(self.folder / ".ecluse" / "begun.log", "wb") as out:
            argv = (*within, sys.executable, "-m", "ecluse", *arguments)
            return process.spawn(argv, cwd=self.folder, env=self.environ, stdout=out, stderr=out)

    def status(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(
            self.ecluse("status", "staging", "--json", check=False).output.partition("\nerror:")[0]
        )
        return found

    def last(self) -> Mapping[str, Any]:
        """The rollout that ended last."""
        found: list[Mapping[str, Any]] = json.loads(self.ecluse("history", "staging", "--json").output)
        return found[-1]

    def said(self) -> str:
        """The output of the command that was begun last."""
        return (self.folder / ".ecluse" / "begun.log").read_text()

    def step(self) -> str | None:
        """The step that a rollout under way is at."""
        labels = self.docker(
            "config", "inspect", "--format", "{{json .Spec.Labels}}", f"{self.stack}_journal", check=False
        )
        if labels.returncode != 0:
            return None
        return str(json.loads(json.loads(labels.stdout)["ecluse.journal"])["step"])

    # Its releases

    def release(self, version: str, *, migration: str | None = None, **behaviour: object) -> str:
        """The digest of an image that calls itself *version* and behaves so; *migration* is an operation it brings."""
        if version not in self._made:
            self._base()
            defaults = {"READY": True, "CHECKS": True, "DIES": None, "ENDS": None, "FAILS": False, "SLOW": 0}
            values = {"VERSION": version, **defaults, **behaviour}
            layer = self.folder / ".ecluse" / "layer"
            shutil.rmtree(layer, ignore_errors=True)
            (layer / "shop" / "migrations").mkdir(parents=True)
            (layer / "shop" / "behaviour.py").write_text("".join(f"{name} = {one!r}\n" for name, one in values.items()))
            if migration is not None:
                (layer / "shop" / "migrations" / f"0002_{version}.py").write_text(
                    _MIGRATION.format(operation=migration)
                )
            (layer / "Dockerfile").write_text(f"FROM {self._base()}\nCOPY shop /app/shop\n")
            tag = f"{self.registry}/shop:{version}"
            docker("build", "--quiet", "--tag", tag, str(layer))
            docker("push", "--quiet", tag)
            found = docker("image", "inspect", "--format", "{{json .RepoDigests}}", tag).stdout
            (self._made[version],) = (
                one.partition("@")[2] for one in json.loads(found) if one.startswith(f"{self.registry}/shop@")
            )
        return self._made[version]

    def tag(self, version: str, tag: str) -> None:
        """Give the image of a release another tag in the registry."""
        docker("tag", f"{self.registry}/shop:{version}", f"{self.registry}/shop:{tag}")
        docker("push", "--quiet", f"{self.registry}/shop:{tag}")

    def _base(self) -> str:
        tag = f"{self.name}-base"
        if not docker("images", "--quiet", tag).stdout.strip():
            docker("build", "--quiet", "--build-arg", f"BASE={BASE}", "--tag", tag, str(self.folder))
        return tag

    def git(self, *arguments: str) -> str:
        return process.run(
            ("git", "-c", "user.name=a", "-c", "user.email=a@shop.test", *arguments), cwd=self.folder
        ).output.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    @contextlib.contextmanager
    def edited(self, old: str, new: str) -> Iterator[None]:
        """The stack file with *new* in the place of *old*, for as long as the context lasts."""
        file = self.folder / "docker-compose.live.yml"
        before = file.read_text()
        assert old in before
        file.write_text(before.replace(old, new))
        try:
            yield
        finally:
            file.write_text(before)

    # What is in the swarm, asked of its manager

    def docker(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """``docker ARGUMENTS`` on the manager."""
        inside = ("exec", self._inside, "docker") if self._inside else ()
        return docker(*inside, *arguments, check=check)

    def query(self, sql: str) -> str:
        """The answer of the environment's database."""
        inside = ("exec", self._state, "docker") if self._state else ()
        asks = ("psql", "-U", "postgres", "-AtF", " ", "-c", sql)
        return docker(*inside, "exec", self.database(), *asks).stdout.strip()

    def database(self) -> str:
        """The container of the environment's database."""
        inside = ("exec", self._state, "docker") if self._state else ()
        (container,) = docker(*inside, "ps", "--quiet", "--filter", f"name={self.stack}_db.").stdout.split()
        return container

    def effects(self) -> dict[str, int]:
        """The number of times that each token was written."""
        lines = self.query("SELECT token, count(*) FROM shop_effect GROUP BY token").splitlines()
        return {token: int(count) for token, count in (line.split() for line in lines)}

    def services(self) -> set[str]:
        """The names of the stack's services."""
        found = self.docker(
            *("service", "ls", "--filter", f"label=com.docker.stack.namespace={self.stack}", "--format", "{{.Name}}")
        )
        return {name.removeprefix(f"{self.stack}_") for name in found.stdout.split()}

    def tasks(self, service: str) -> set[str]:
        """The ids of the tasks that *service* is meant to have now."""
        return set(
            self.docker(
                "service", "ps", "--quiet", "--filter", "desired-state=running", f"{self.stack}_{service}"
            ).stdout.split()
        )

    def images(self, service: str) -> set[str]:
        """The digests that the running tasks of *service* run."""
        found = self.docker(
            *("service", "ps", "--no-trunc", "--filter", "desired-state=running", "--format", "{{.Image}}"),
            f"{self.stack}_{service}",
        )
        return {image.partition("@")[2] for image in found.stdout.split()}

    def remove(self) -> None:
        """Everything of it, also where a test has failed in the middle."""
        for environment in ("staging", "production"):
            remove(f"{self.name}-{environment}")
        docker("rmi", "--force", f"{self.name}-base", check=False)


def remove(stack: str) -> None:
    """Everything that *stack* has on this machine's engine."""
    docker("stack", "rm", stack, check=False)
    for kind in ("config", "secret"):
        found = docker(kind, "ls", "--quiet", "--filter", f"label=ecluse.environment={stack}").stdout.split()
        if found:
            docker(kind, "rm", *found, check=False)

    def left() -> list[str]:
        volumes = docker("volume", "ls", "--quiet", "--filter", f"label=com.docker.stack.namespace={stack}")
        return [one for one in volumes.stdout.split() if docker("volume", "rm", one, check=False).returncode != 0]

    await_(lambda: not left(), f"the volumes of {stack} are free", 90)


def once(shop: SwarmShop, load: Load) -> None:
    """Check that every answered POST had its effect, and none had it twice."""
    effects = shop.effects()
    assert [token for token in load.effects if effects.get(token) != 1] == []
    assert max(effects.values()) == 1


def unharmed(shop: SwarmShop, load: Load) -> None:
    """Fails if a request was lost, or if one had its effect twice or never."""
    assert load.lost == [], load.lost
    once(shop, load)
