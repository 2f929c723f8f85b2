from __future__ import annotations

import configparser
import xmlrpc.client
from pathlib import Path
from typing import Any

import pytest

from ecluse.deploy.targets.server import supervisor
from ecluse.deploy.targets.server.supervisor import Client, Program, Refused, configuration

WEB = Program(
    name="web",
    argv=("/usr/bin/python3", "/a b/100%/starter.py", "/slots"),
    log=Path("/logs/web"),
    count=5,
    listen="127.0.0.1:8000",
    user="nobody",
)
DATABASE = Program(
    name="postgres", argv=("postgres",), log=Path("/logs/postgres.log"), environment={"LC_ALL": "C"}, stop_signal="INT"
)


def written(*programs: Program, root: bool = False) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(configuration(programs, Path("supervisor.sock"), root=root))
    return parser


def test_web_program_owns_the_socket_and_has_a_process_per_slot() -> None:
    section = written(WEB)["fcgi-program:web"]
    assert (section["socket"], section["numprocs"]) == ("tcp://127.0.0.1:8000", "5")
    assert section["command"] == "/usr/bin/python3 '/a b/100%%/starter.py' /slots %(process_num)d"
    assert section["stdout_logfile"] == "/logs/web-%(process_num)d.log"
    assert section["user"] == "nobody"


def test_a_program_is_started_when_told_to_and_again_for_ever() -> None:
    for section in (written(WEB)["fcgi-program:web"], written(DATABASE)["program:postgres"]):
        assert (section["autostart"], section["autorestart"]) == ("false", "true")
        assert int(section["startretries"]) > 1000


def test_postgres_program_has_own_stop_signal_and_environment() -> None:
    section = written(DATABASE)["program:postgres"]
    assert section["stopsignal"] == "INT" and section["environment"] == 'LC_ALL="C"'
    assert "socket" not in section and "numprocs" not in section


def test_supervisor_socket_is_private_and_user_set_only_as_root() -> None:
    assert written(WEB)["unix_http_server"]["chmod"] == "0700"
    assert "user" not in written(WEB)["supervisord"]
    assert written(WEB, root=True)["supervisord"]["user"] == "root"


class Faulty:
    """A connection to a Supervisor that answers every order with the fault *code*."""

    def __init__(self, code: int) -> None:
        self.code = code

    def __enter__(self) -> Faulty:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *arguments: object) -> None:
        raise xmlrpc.client.Fault(self.code, "SHUTDOWN_STATE" if self.code == 6 else "FAULT")


@pytest.fixture
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(supervisor.xmlrpc.client, "ServerProxy", lambda *arguments, **more: Faulty(request.param))
    return Client(Path("supervisor.sock"))


@pytest.mark.parametrize("client", [6], indirect=True)
def test_ending_supervisor_refuses_with_a_sentence(client: Client) -> None:
    for order in (client.alive, client.states, client.shutdown, lambda: client.start("web:1"), lambda: client.add("w")):
        with pytest.raises(Refused, match="Supervisor is ending, and the site with it"):
            order()
    assert client.ending()


@pytest.mark.parametrize("client", [60], indirect=True)
def test_program_that_runs_is_not_started_again(client: Client) -> None:
    client.start("web:1")
    with pytest.raises(Refused, match="Supervisor refuses stopProcess web:1: FAULT"):
        client.stop("web:1")
