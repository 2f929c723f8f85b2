"""A kind of service is one record: everything that a job needs follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from testcontainers.core import container as testcontainers

from ecluse import probes
from ecluse.definition.load import load
from ecluse.definition.model import Service
from ecluse.errors import DefinitionError, ServiceError
from ecluse.probes import tcp
from ecluse.services import kinds, sources
from ecluse.services.kinds import KINDS, Kind, image_of, unknown_kinds

PIPELINE = """
from ecluse import Job, Pipeline, Service, command

pipeline = Pipeline(
    name="shop",
    jobs=(Job(name="tests", steps=(command("true"),), services=("cache",)),),
    services=(Service(name="cache", kind="KIND", version="1.6"),),
)
"""

CACHE = Service(name="cache", kind="memcached", version="1.6")


@pytest.fixture
def memcached(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kind]:
    """A kind that Écluse does not have, added by its record alone."""
    kind = Kind(variable="MEMCACHED_URL", image="memcached", port=11211, scheme="memcached", probe="tcp")
    monkeypatch.setattr(kinds, "KINDS", {**KINDS, "memcached": kind})
    yield kind


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were asked whether something listens there."""
    found: list[str] = []
    monkeypatch.setattr(tcp, "ask", lambda address, timeout: found.append(address.url))
    return found


def test_new_kind_is_allowed_in_a_pipeline(memcached: Kind, tmp_path: Path) -> None:
    path = tmp_path / "pipeline.py"
    path.write_text(PIPELINE.replace("KIND", "memcached"), encoding="utf-8")
    assert load(path, unknown_kinds).services == (CACHE,)


def test_unknown_kind_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.py"
    path.write_text(PIPELINE.replace("KIND", "oracle"), encoding="utf-8")
    with pytest.raises(DefinitionError, match="service 'cache', field 'kind': one of 'postgres'"):
        load(path, unknown_kinds)


def test_new_kind_can_be_given_by_its_variable(memcached: Kind, asked: list[str]) -> None:
    environ = {"MEMCACHED_URL": "memcached://cache.example:11211"}
    with sources.for_job(CACHE, environ) as variables:
        assert variables == environ
    assert asked == ["memcached://cache.example:11211"]


def test_new_kind_runs_in_a_container(memcached: Kind, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Container:
        def __init__(self, image: str) -> None:
            assert image == "memcached:1.6"

        def with_exposed_ports(self, port: int) -> Any:
            assert port == 11211
            return self

        def start(self) -> None: ...

        def stop(self) -> None: ...

        def get_container_host_ip(self) -> str:
            return "127.0.0.1"

        def get_exposed_port(self, port: int) -> int:
            return 50000

    monkeypatch.setattr(testcontainers, "DockerContainer", Container)
    answering = SimpleNamespace(ping=lambda: None, close=lambda: None)
    monkeypatch.setattr(docker, "from_env", lambda: answering)
    with sources.for_job(CACHE, {}) as variables:
        assert variables == {"MEMCACHED_URL": "memcached://127.0.0.1:50000"}
    assert asked == ["memcached://127.0.0.1:50000"]


def test_unavailable_new_kind_names_its_variable(memcached: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecluse.services.docker_services.why_not", lambda environ: "no engine")
    with pytest.raises(ServiceError) as raised, sources.for_job(CACHE, {}):
        pass
    assert "there is no embedded memcached" in str(raised.value)
    assert raised.value.hint == "set MEMCACHED_URL, or start a Docker engine and install ecluse[containers]"


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_a_probe_and_an_image(name: str) -> None:
    assert callable(import_module(f"{probes.__name__}.{KINDS[name].probe}").ask)
    assert image_of(Service(name="x", kind=name, version="1"), {}) == f"{KINDS[name].image}:1"
