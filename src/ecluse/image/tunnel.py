"""An engine that DOCKER_HOST names by ``ssh://``, brought here: Docker's library for Python speaks no SSH by itself."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from ecluse.errors import ToolError
from ecluse.machine import process

__all__ = ["tunnel"]

SECONDS = 60.0
"""Seconds until the engine's socket has to be here."""


@contextlib.contextmanager
def tunnel(host: str, environ: Mapping[str, str]) -> Iterator[str]:
    """The address, on this machine, of the engine at *host* (``ssh://USER@HOST[:PORT][/SOCKET]``), by the ``ssh`` of
    *environ*.

    Raises ToolError where it is not reached.
    """
    with tempfile.TemporaryDirectory(prefix="ecluse-", dir="/tmp") as folder:  # a socket's name is short
        socket = Path(folder, "docker.sock")
        said = Path(folder, "said")
        with open(said, "wb") as errors:
            ssh = process.spawn(_argv(host, socket), env=environ, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            began = time.monotonic()
            while not socket.exists():
                if ssh.poll() is not None or time.monotonic() - began > SECONDS:
                    reason = said.read_text(encoding="utf-8", errors="replace").strip() or f"no answer in {SECONDS:g} s"
                    raise ToolError(f"no Docker engine answers at {host}: {reason}", hint=f"does `ssh {host}` work?")
                time.sleep(0.05)
            yield f"unix://{socket}"
        finally:
            process.stop(ssh, grace=2)


def _argv(host: str, socket: Path) -> Sequence[str]:
    try:
        at = urlsplit(host)
        given = at.port
        # Not at.hostname, which is in lower case: ssh_config compares names as they are written.
        name = re.sub(r":\d*$", "", at.netloc.rpartition("@")[2]).strip("[]")
        if not name:
            raise ValueError("no host")
    except ValueError as error:
        raise ToolError(f"DOCKER_HOST is no address: {host}: {error}", hint="ssh://USER@HOST[:PORT][/SOCKET]") from None
    user = ("-l", at.username) if at.username else ()
    port = ("-p", str(given)) if given else ()
    options = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ExitOnForwardFailure=yes")
    there = at.path if at.path.strip("/") else "/var/run/docker.sock"
    return ("ssh", *options, "-N", "-T", "-L", f"{socket}:{there}", *user, *port, "--", name)
