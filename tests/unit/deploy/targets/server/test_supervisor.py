from __future__ import annotations

import configparser
from pathlib import Path

from ecluse.deploy.targets.server.supervisor import Program, configuration

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
