"""The connection to an environment's engine: what the started programs are told about it, and what they are not."""

from __future__ import annotations

import base64
import contextlib
import json
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ecluse import secrets
from ecluse.deploy.targets.swarm import connection as module
from ecluse.deploy.targets.swarm.connection import Connection, connect, variable
from ecluse.errors import TargetError, ToolError
from ecluse.image.names import RegistryAddress
from ecluse.machine import process
from ecluse.secrets import Secret
from tests.support.doubles.programs import Programs


@pytest.fixture
def ssh(tmp_path: Path) -> str:
    """A PATH with an ``ssh`` on it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").touch(0o755)
    return str(tmp_path / "bin")


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The programs that were started and still run."""
    running: list[tuple[str, ...]] = []

    def spawn(argv: Any, **options: Any) -> Any:
        running.append(tuple(argv))
        return SimpleNamespace(argv=tuple(argv), stdin=None)

    monkeypatch.setattr(process, "spawn", spawn)
    monkeypatch.setattr(process, "stop", lambda program, **options: running.remove(program.argv))
    return running


def test_variable_of_the_environment_beats_the_general_one() -> None:
    environ = {"DOCKER_HOST": "all", "EU_WEST_DOCKER_HOST": "own", "STAGING_DOCKER_HOST": ""}
    assert variable(environ, "eu-west", "DOCKER_HOST") == "own"
    assert variable(environ, "staging", "DOCKER_HOST") == "all"
    assert variable({}, "staging", "DOCKER_HOST") == ""


@pytest.mark.parametrize(
    ("given", "told", "name"),
    [
        ({}, {}, "the engine of this machine"),
        ({"DOCKER_CONTEXT": "eu"}, {"DOCKER_CONTEXT": "eu"}, "context eu"),
        ({"STAGING_DOCKER_CONTEXT": "eu", "DOCKER_CONTEXT": "us"}, {"DOCKER_CONTEXT": "eu"}, "context eu"),
        (
            {"STAGING_DOCKER_HOST": "tcp://eu:2376", "DOCKER_CONTEXT": "us", "DOCKER_HOST": "tcp://us:2376"},
            {"DOCKER_HOST": "tcp://eu:2376"},
            "tcp://eu:2376",
        ),
    ],
)
def test_docker_gets_only_one_address_of_the_engine(given: dict[str, str], told: dict[str, str], name: str) -> None:
    with connect(given, "staging") as found:
        ours = {key: value for key, value in found.environ.items() if key in ("DOCKER_HOST", "DOCKER_CONTEXT")}
    assert (ours, found.name) == (told, name)


REGISTRY = RegistryAddress("registry.example", user="ci", password=Secret("t0ken-of-ci"))


def test_registry_account_is_in_docker_config_while_connected(tmp_path: Path) -> None:
    theirs = tmp_path / "docker"
    (theirs / "contexts").mkdir(parents=True)
    (theirs / "config.json").write_text('{"auths": {"other.example": {"auth": "x"}}, "credsStore": "vault"}')
    with connect({"DOCKER_CONFIG": str(theirs)}, "staging", REGISTRY) as found:
        ours = Path(found.environ["DOCKER_CONFIG"])
        config = json.loads((ours / "config.json").read_text())
        account = base64.b64encode(b"ci:t0ken-of-ci").decode()
        assert config["auths"] == {"other.example": {"auth": "x"}, "registry.example": {"auth": account}}
        assert config["credHelpers"] == {"registry.example": ""}, "the store is not asked for this one"
        assert (ours / "contexts").resolve() == theirs / "contexts"
        assert stat.S_IMODE((ours / "config.json").stat().st_mode) == 0o600
        assert account in secrets.known()
    assert not ours.exists()
    assert "t0ken" not in (theirs / "config.json").read_text()


def test_docker_config_without_account_is_the_deployers_own() -> None:
    with connect({"DOCKER_CONFIG": "/mine"}, "staging", RegistryAddress("registry.example")) as found:
        assert found.environ["DOCKER_CONFIG"] == "/mine"


def test_broken_docker_config_is_ignored(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text("{")
    with connect({"HOME": str(tmp_path)}, "staging", REGISTRY) as found:
        config = json.loads((Path(found.environ["DOCKER_CONFIG"]) / "config.json").read_text())
    assert list(config["auths"]) == ["registry.example"]


class TestSsh:
    HOST = "ssh://ops@staging.example:2222"

    @pytest.fixture
    def connected(self, ssh: str) -> Callable[..., contextlib.AbstractContextManager[Connection]]:
        def make(host: str = self.HOST, **variables: str) -> contextlib.AbstractContextManager[Connection]:
            return connect({"PATH": ssh, "STAGING_DOCKER_HOST": host, **variables}, "staging")

        return make

    @staticmethod
    def folder(found: Connection) -> Path:
        return Path(found.environ["PATH"].split(":")[0]).parent

    def test_ssh_connection_is_shared_and_ends_with_ours(
        self, connected: Callable[..., Any], started: list[tuple[str, ...]]
    ) -> None:
        with connected() as found:
            ((program, *arguments),) = started
            assert program == str(self.folder(found) / "bin" / "ssh")
            options = "-o ControlMaster=yes -T -l ops -p 2222 -- staging.example cat"
            assert arguments == options.split()
        assert started == []

    def test_ssh_key_and_known_hosts_are_private_files_not_variables(self, connected: Callable[..., Any]) -> None:
        given = {"STAGING_SSH_KEY": "the key\r\nof staging\r\n", "SSH_KNOWN_HOSTS": "staging.example ssh-ed25519 A"}
        with connected(**given, PRODUCTION_SSH_KEY="another") as found:
            folder = self.folder(found)
            assert (folder / "key").read_text() == "the key\nof staging\n"
            assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600
            config = (folder / "ssh_config").read_text()
            assert f"IdentityFile {folder}/key\nIdentitiesOnly yes\n" in config
            assert f"UserKnownHostsFile {folder}/known_hosts\nStrictHostKeyChecking yes\n" in config
            assert not [name for name in found.environ if "SSH_KEY" in name or "KNOWN_HOSTS" in name]
        assert not folder.exists()

    def test_ssh_wrapper_starts_ssh_with_our_options(self, connected: Callable[..., Any], ssh: str) -> None:
        with connected() as found:
            script = (self.folder(found) / "bin" / "ssh").read_text()
            assert script == f'#!/bin/sh\nexec {ssh}/ssh -F {self.folder(found)}/ssh_config "$@"\n'
            assert "BatchMode yes" in (self.folder(found) / "ssh_config").read_text(), "nobody is there to answer"

    @pytest.mark.parametrize("host", ["ssh://", "ssh://ops@staging/var/run/docker.sock", "ssh://ops@"])
    def test_host_that_is_no_address_is_refused(self, connected: Callable[..., Any], host: str) -> None:
        with pytest.raises(TargetError, match="this is no address of a host") as caught, connected(host):
            pass
        assert caught.value.hint == "DOCKER_HOST=ssh://USER@HOST[:PORT]"

    def test_missing_ssh_names_the_package(self, tmp_path: Path) -> None:
        with pytest.raises(ToolError) as caught, connect({"DOCKER_HOST": self.HOST, "PATH": str(tmp_path)}, "staging"):
            pass
        assert caught.value.hint == "apt install openssh-client"


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Programs:
    return Programs().take_over(monkeypatch)


def test_socket_of_ssh_has_a_short_name_in_a_long_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ssh: str
) -> None:
    long = tmp_path / ("a-long-name-of-a-temporary-folder" * 2)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with connect({"DOCKER_HOST": "ssh://ci@host", "PATH": ssh}, "staging") as connection:
        folder = Path(connection.environ["PATH"].partition(":")[0]).parent
        assert len(f"{folder}/{'c' * 40}.{'r' * 16}") < 108


def test_docker_is_run_in_the_environment_of_the_connection(programs: Programs) -> None:
    programs.answers["docker stack config"] = "services: {}\n"
    found = Connection({"DOCKER_HOST": "tcp://eu"}, "tcp://eu")
    assert found.run("stack", "config", input="x", extra={"ECLUSE_RELEASE": "r"}) == "services: {}\n"
    (call,) = programs.calls
    assert call.options["env"] == {"DOCKER_HOST": "tcp://eu", "ECLUSE_RELEASE": "r"}


def test_docker_refusal_is_a_target_error_with_its_name(programs: Programs) -> None:
    programs.answers["docker stack deploy"] = 1
    with pytest.raises(TargetError, match="docker stack deploy ended with 1") as caught:
        Connection({}, "context eu").run("stack", "deploy")
    assert caught.value.where == "context eu"


def test_attached_docker_command_returns_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.process, "attached", lambda argv, env: 7 if argv[1] == "exec" else 0)
    assert Connection({}, "context eu").attached("exec", "c1", "sh") == 7
