"""The ports of the machine: who listens, and the one that a site gets."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.debian import exists
from ecluse.remote.provisioner.item import Item
from ecluse.remote.provisioner.logins import as_account

__all__ = ["port_of_site", "refuse_taken", "site_port"]

SITES = Path("/etc/nginx/sites-available")
PROC = Path("/proc")
FIRST = 8000

_LISTENS = "0A"
"""The state of a socket that listens: see proc_net_tcp.txt of the kernel."""


def refuse_taken(ports: Iterable[int]) -> None:
    """End where another program than nginx listens on one of *ports*."""
    for port in ports:
        inodes = listening().get(port, set())
        if inodes and (taker := next(holders(inodes), None)) is not None:
            sys.exit(f"port {port} is taken by {taker}: nginx could not listen there. End that program first")


def listening() -> dict[int, set[str]]:
    """The TCP ports that programs listen on, with the inodes of the sockets."""
    found: dict[int, set[str]] = {}
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTENS:
                    found.setdefault(int(words[1].rpartition(":")[2], 16), set()).add(f"socket:[{words[9]}]")
    return found


def holders(inodes: set[str]) -> Iterator[str]:
    """The programs, other than nginx, that hold one of the sockets *inodes*."""
    for process in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            held = {os.readlink(entry) for entry in (process / "fd").iterdir()}
            name = (process / "comm").read_text().strip()
            if held & inodes and name != "nginx":
                yield f"{name} (process {process.name})"


def port_of_site(order: dict[str, Any]) -> int:
    """The port that the site listens on, or that it has to listen on once it is rolled out: that was decided before, or
    it is the next that nobody has.
    """
    return _decided(order) or _free()


def site_port(order: dict[str, Any]) -> Item:
    """The file by which the first rollout knows where nginx asks the site."""

    def change() -> str:
        return "" if _decided(order) else f"+127.0.0.1:{port_of_site(order)}\n"

    def apply() -> None:
        folder = _folder(order)
        into = f"cat >{folder}/.front-port && mv {folder}/.front-port {folder}/front-port"
        text = f"{port_of_site(order)}\n"
        as_account(order["user"], f"umask 022 && mkdir -p {folder} && {into}", text, what="the port of the site")

    return Item("port of the site", change, apply)


def _folder(order: dict[str, Any]) -> str:
    return f"{order['folder']}/.ecluse/environments/{order['environment']}"


def _decided(order: dict[str, Any]) -> int | None:
    """The port that the site listens on already, else the one that was chosen for it; None where none was."""
    if not exists(order["user"]):
        return None
    folder = _folder(order)
    text = as_account(
        order["user"], f"cat {folder}/address.json 2>/dev/null || cat {folder}/front-port 2>/dev/null || :"
    )
    with contextlib.suppress(ValueError, TypeError, KeyError):
        value = json.loads(text)
        port = int(value["port"] if isinstance(value, dict) else value)
        return port if 0 < port < 65536 else None
    return None


def _free() -> int:
    taken = set(listening())
    for file in SITES.glob("*"):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            taken |= {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", file.read_text())}
    return next(port for port in range(FIRST, 65536) if port not in taken)
