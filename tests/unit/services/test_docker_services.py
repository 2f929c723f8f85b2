"""A service in a container, with an engine that is told of: a real one is met in tests/integration."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from docker.errors import DockerException
from testcontainers.core import container as testcontainers
from testcontainers.core.config import testcontainers_config

from ecluse import probes
from ecluse.definition.model import Service
from ecluse.errors import ServiceError
from ecluse.machine import process
from ecluse.services import container, docker_services, keeper
from ecluse.services.kinds import KINDS, image_of
from tests.support.doubles.programs import Programs

POSTGRES = Service(name="db", kind="postgres", version="18")


class Container:
    """Testcontainers' container, as far as it is used: keeps what it is told."""

    made: list[Container] = []
    failure: Exception | None = None

    def __init__(self, image: str) -> None:
        self.image = image
        self.environment: dict[str, str] = {}
        self.name: str | None = None
        self.states: list[str] = []
        Container.made.append(self)

    def with_env(self, name: str, value: str) -> Container:
        self.environment[name] = value
        return self

    def with_command(self, command: str) -> Container:
        self.command = command
        return self

    def with_exposed_ports(self, port: int) -> Container:
        return self

    def with_name(self, name: str) -> Container:
        self.name = name
        return self

    def start(self) -> None:
        if Container.failure:
            raise Container.failure
        self.states.append("started")

    def stop(self) -> None:
        self.states.append("removed")

    def get_container_host_ip(self) -> str:
        return "docker.example"

    def get_exposed_port(self, port: int) -> int:
        return 50000 + port


@pytest.fixture(autouse=True)
def containers(monkeypatch: pytest.MonkeyPatch) -> type[Container]:
    monkeypatch.setattr(Container, "made", [])
    monkeypatch.setattr(Container, "failure", None)
    monkeypatch.setattr(testcontainers, "DockerContainer", Container)
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", False)
    monkeypatch.setattr(probes, "wait", lambda urls, **options: None)
    return Container


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, None),
        (
            DockerException("no such file: docker.sock\nand more"),
            "no container engine answers (no such file: docker.sock)",
        ),
        (OSError(), "no container engine answers (OSError)"),
    ],
)
def test_container_source_is_usable_if_an_engine_answers(
    monkeypatch: pytest.MonkeyPatch, answer: Exception | None, reason: str | None
) -> None:
    closed: list[bool] = []

    def ping() -> None:
        if answer:
            raise answer

    monkeypatch.setattr(docker, "from_env", lambda: SimpleNamespace(ping=ping, close=lambda: closed.append(True)))
    assert container.why_not(POSTGRES, {}) == reason
    assert closed == [True]


def test_missing_testcontainers_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_services, "find_spec", lambda name: None)
    assert container.why_not(POSTGRES, {}) == "Testcontainers is not installed (ecluse[containers])"


@pytest.mark.parametrize(
    ("kind", "version", "image", "variable", "url"),
    [
        ("redis", "8", "redis:8", "REDIS_URL", "redis://docker.example:56379/0"),
        ("mongodb", "8", "mongo:8", "MONGODB_URL", "mongodb://docker.example:77017"),
        ("rabbitmq", "4", "rabbitmq:4", "RABBITMQ_URL", "amqp://guest:guest@docker.example:55672//"),
    ],
)
def test_other_services_are_probed_in_their_own_protocols(
    monkeypatch: pytest.MonkeyPatch,
    containers: type[Container],
    kind: Any,
    version: str,
    image: str,
    variable: str,
    url: str,
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(probes, "wait", lambda urls, **options: asked.append(urls))
    with container.provide(Service(name="other", kind=kind, version=version), {}, ()) as variables:
        (made,) = containers.made
        assert (made.image, made.states) == (image, ["started"])
        assert variables == {variable: url}
        assert asked == [[url]]
    assert made.states == ["started", "removed"]


def test_container_serves_the_job_and_is_removed_at_its_end(containers: type[Container]) -> None:
    with container.provide(POSTGRES, {}, ()) as variables:
        (made,) = containers.made
        password = made.environment["POSTGRES_PASSWORD"]
        assert variables == {"DATABASE_URL": f"postgres://postgres:{password}@docker.example:55432/postgres"}
        assert (made.image, made.states) == ("postgres:18", ["started"])
    assert made.states == ["started", "removed"]


def test_container_image_can_be_chosen_by_variable() -> None:
    assert image_of(POSTGRES, {"ECLUSE_POSTGRES_IMAGE": "postgis/postgis:18-3.6"}) == "postgis/postgis:18-3.6"


def test_no_two_containers_have_the_same_password(containers: type[Container]) -> None:
    for _ in range(2):
        with docker_services.start(KINDS["postgres"], "postgres:18"):
            pass
    assert len({one.environment["POSTGRES_PASSWORD"] for one in containers.made}) == 2


def test_unready_container_is_removed(containers: type[Container], monkeypatch: pytest.MonkeyPatch) -> None:
    def never(urls: list[str], **options: Any) -> None:
        raise ServiceError("not ready")

    monkeypatch.setattr(probes, "wait", never)
    with pytest.raises(ServiceError, match="not ready"), docker_services.start(KINDS["postgres"], "postgres:18"):
        pass
    assert containers.made[0].states == ["started", "removed"]


def test_unstartable_container_is_an_error_with_a_command_to_try(
    containers: type[Container], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "failure", DockerException("manifest unknown\nlong explanation"))
    with pytest.raises(ServiceError, match="of postgres:99 did not start: manifest unknown$") as caught:
        with docker_services.start(KINDS["postgres"], "postgres:99"):
            pass
    assert caught.value.hint == "try it alone: docker run --rm -e POSTGRES_PASSWORD=x postgres:99"


def test_kept_container_keeps_its_name_and_disables_the_reaper(containers: type[Container]) -> None:
    name = docker_services.new_name()
    with docker_services.start(KINDS["postgres"], "postgres:18", keep=name):
        pass
    (made,) = containers.made
    assert (made.name, made.states) == (name, ["started"])
    assert testcontainers_config.ryuk_disabled


class TestKeeper:
    @pytest.fixture
    def programs(self, monkeypatch: pytest.MonkeyPatch) -> Programs:
        made = Programs()
        made.answers["rm -rf"] = ""
        return made.take_over(monkeypatch)

    def test_keeper_keeps_the_container_until_the_lease_ends(
        self,
        containers: type[Container],
        programs: Programs,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        while_held: list[list[str]] = []

        class Lease(io.StringIO):
            def read(self, size: int | None = -1) -> str:
                while_held.append([*containers.made[0].states])
                return ""

        monkeypatch.setattr(sys, "stdin", Lease())
        keeper.main("postgres", "postgres:18", "/run/lease")
        assert capsys.readouterr().out.startswith("ready postgres://postgres:")
        assert while_held == [["started"]]
        assert containers.made[0].states == ["started", "removed"]
        assert [call.argv for call in programs.calls] == [("rm", "-rf", "/run/lease")]

    def test_keeper_failure_is_one_line_and_removes_the_lease_folder(
        self,
        containers: type[Container],
        programs: Programs,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(containers, "failure", OSError("no engine"))
        keeper.main("postgres", "postgres:18", "/run/lease")
        assert capsys.readouterr().out == "failed the container of postgres:18 did not start: no engine\n"
        assert programs.calls

    @pytest.mark.parametrize(
        ("told", "reason"),
        [
            (b"failed no engine\n", "no container of postgres:18: no engine"),
            (b"", "no container of postgres:18: its keeper ended"),
        ],
    )
    def test_keeper_start_reports_why_it_failed(
        self, monkeypatch: pytest.MonkeyPatch, told: bytes, reason: str
    ) -> None:
        with pytest.raises(ServiceError, match=reason):
            self.start(monkeypatch, told)

    def test_keeper_start_returns_the_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.start(monkeypatch, b"ready postgres://db/x\n") == "postgres://db/x"

    @staticmethod
    def start(monkeypatch: pytest.MonkeyPatch, told: bytes) -> str:
        started = SimpleNamespace(stdout=io.BytesIO(told), returncode=None)
        spawn: Callable[..., Any] = lambda argv, **options: started  # noqa: E731
        monkeypatch.setattr(process, "spawn", spawn)
        lease: Any = SimpleNamespace(folder="/run/lease", end_of_file=lambda: io.BytesIO())
        try:
            return keeper.start(POSTGRES, lease, {})
        finally:
            assert started.returncode == 0, "it is not waited for: others of the run use its container"
