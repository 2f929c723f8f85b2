"""The way to an engine that is reached by SSH."""

from pathlib import Path

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
