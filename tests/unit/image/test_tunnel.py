"""The way to an engine that is reached by SSH."""

from pathlib import Path

import pytest

from ecluse.errors import ToolError
from ecluse.image.tunnel import _argv


def test_tunnel_leads_to_the_socket_of_the_engine():
    argv = _argv("ssh://deploy@203.0.113.7:2222", Path("/tmp/x/docker.sock"))
    assert argv[-8:] == (
        "-L",
        "/tmp/x/docker.sock:/var/run/docker.sock",
        "-l",
        "deploy",
        "-p",
        "2222",
        "--",
        "203.0.113.7",
    )
    assert _argv("ssh://engine", Path("s"))[-3:] == ("s:/var/run/docker.sock", "--", "engine")


def test_socket_in_the_address_is_the_engines() -> None:
    assert _argv("ssh://h/run/user/1000/docker.sock", Path("s"))[-3:] == ("s:/run/user/1000/docker.sock", "--", "h")
    assert _argv("ssh://h/", Path("s"))[-3:] == ("s:/var/run/docker.sock", "--", "h")


@pytest.mark.parametrize(
    ("host", "name"), [("Prod1", "Prod1"), ("me@Prod1:22", "Prod1"), ("Prod1:", "Prod1"), ("[fe80::1]:22", "fe80::1")]
)
def test_host_is_named_as_it_is_written(host: str, name: str) -> None:
    assert _argv(f"ssh://{host}", Path("s"))[-1] == name


@pytest.mark.parametrize("host", ["ssh://h:abc", "ssh://h:99999", "ssh://[h", "ssh://", "ssh://me@"])
def test_address_that_is_none_is_refused_with_a_sentence(host: str) -> None:
    with pytest.raises(ToolError, match="DOCKER_HOST is no address"):
        _argv(host, Path("s"))
