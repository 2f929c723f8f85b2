"""The shop in a swarm for all tests of a session, on this machine's engine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.containers import docker, port_of
from testbed.swarm import LABEL, SwarmShop, base_images


@pytest.fixture(scope="session")
def engine() -> None:
    try:
        reason = "" if docker("info", check=False).returncode == 0 else "no Docker engine answers"
    except FileNotFoundError:
        reason = "docker is not installed"
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def swarm(engine: None) -> Iterator[None]:
    """This machine's engine in a swarm of one; left as it was found."""
    state = docker("info", "--format", "{{.Swarm.LocalNodeState}}").stdout.strip()
    if state == "inactive":
        docker("swarm", "init", "--advertise-addr", "127.0.0.1")
    yield
    if state == "inactive" and not docker("service", "ls", "--quiet").stdout.strip():
        docker("swarm", "leave", "--force")


@pytest.fixture(scope="session")
def registry(engine: None) -> Iterator[str]:
    """The address of a registry."""
    container = docker("run", "--detach", "--label", LABEL, "--publish", "127.0.0.1::5000", "registry:2").stdout.strip()
    yield f"127.0.0.1:{port_of(container, 5000)}"
    docker("rm", "--force", "--volumes", container)


@pytest.fixture(scope="session")
def shops(swarm: None, registry: str) -> Iterator[SwarmShop]:
    base_images()
    with tempfile.TemporaryDirectory(prefix="ecluse-swarm-") as folder:
        shop = SwarmShop(Path(folder).resolve(), registry)
        try:
            yield shop
        finally:
            shop.remove()


@pytest.fixture
def shop(shops: SwarmShop) -> SwarmShop:
    """The shop, with release "one" serving, whatever the test before has done."""
    shops.ecluse("deploy", "staging", "--release", shops.release("one"))
    return shops


@pytest.fixture
def one(shop: SwarmShop) -> str:
    """The digest that serves when a test begins."""
    return shop.release("one")


@pytest.fixture
def two(shop: SwarmShop) -> str:
    """Another, as good."""
    return shop.release("two")
