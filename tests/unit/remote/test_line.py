"""The command line of the SSH client, and the reasons for which a connection fails."""

import os

import pytest

from ecluse.definition.model import Environment
from ecluse.errors import TargetError
from ecluse.remote.line import ALIAS, Cut, Reach, connect, reason, told

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMwnm9Wbbs3qxKJ124CFCEjX63jUCx0xycG85L6MmAoq"


@pytest.fixture
def environ(tmp_path):
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    return {"PATH": str(tmp_path), "PRODUCTION_SSH_KEY": "PRIVATE\r\nTEXT\n", "SSH_KEY": "of all", "LANG": "C"}


def reach(environ, **fields):
    given = {"name": "production", "target": "server", "settings": "s", "url": "https://shop.example", **fields}
    return Reach.of(Environment(host="shop.example", **given), environ)


def options(line):
    return [word for before, word in zip(line.argv, line.argv[1:], strict=False) if before == "-o"]


def test_client_is_told_to_accept_the_pinned_key_alone(environ):
    known = f"{ALIAS} {KEY}\n"
    with told(reach(environ, user="shop", port=2222), environ, known, "StrictHostKeyChecking=yes") as (line, hosts):
        assert hosts.read_text() == known
        assert f"UserKnownHostsFile={hosts}" in options(line)
        assert {"StrictHostKeyChecking=yes", "GlobalKnownHostsFile=/dev/null", "UpdateHostKeys=no"} <= {*options(line)}
        assert line.argv[-4:] == ("-l", "shop", "-p", "2222")
        assert line.command("true", "-T")[-4:] == ("-T", "--", "shop.example", "true")
    assert not hosts.exists()


def test_private_key_is_in_a_file_of_ours_and_gone_afterwards(environ):
    with told(reach(environ), environ, "") as (line, hosts):
        key = hosts.with_name("key")
        assert key.read_text() == "PRIVATE\nTEXT\n"
        assert key.stat().st_mode & 0o777 == 0o600 and hosts.parent.stat().st_mode & 0o777 == 0o700
        assert "PRIVATE" not in " ".join(line.argv)
        assert set(line.environ) == {"PATH", "LANG"}
        assert "IdentitiesOnly=yes" in options(line)
    assert not key.exists()


def test_client_without_given_key_uses_its_own(environ):
    del environ["PRODUCTION_SSH_KEY"], environ["SSH_KEY"]
    with told(reach(environ), environ, "") as (line, hosts):
        assert os.listdir(hosts.parent) == ["known_hosts"]
        assert not [one for one in options(line) if one.startswith("Identit")]
        assert line.argv[-2] == "-o"  # no user and no port: as the configuration says


def test_machine_without_pinned_key_is_not_connected_to(environ):
    with pytest.raises(TargetError, match="not pinned") as caught, connect(reach(environ), environ):
        raise AssertionError
    assert "host-key" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("said", "what", "again"),
    [
        ("@@@ WARNING @@@\nHost key verification failed.", "another key than the one that is pinned", False),
        ("shop@shop.example: Permission denied (publickey).", "lets nobody in with this key", False),
        ("ssh: connect to host shop.example port 22: Connection timed out", "cannot be reached", True),
        ("", "the connection was closed", True),
    ],
)
def test_failed_connection_is_tried_again_only_if_that_can_help(environ, said, what, again):
    error = reason(reach(environ), said.encode())
    assert what in str(error) and error.hint
    assert isinstance(error, Cut) is again
