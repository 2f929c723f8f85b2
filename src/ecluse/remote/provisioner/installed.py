"""The packages of Debian that a site needs, and the upgrades that come by themselves."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.apt import install
from ecluse.remote.provisioner.debian import MARK
from ecluse.remote.provisioner.item import Item

__all__ = ["PACKAGES", "UPGRADES", "front_packages", "packages", "upgrades"]

UPGRADES = Path("/etc/apt/apt.conf.d/52ecluse-upgrades")

# What a site needs to be rolled out, and a server to be left alone.
PACKAGES = ("python3-venv", "nftables", "sudo", "unattended-upgrades", "logrotate")


def packages(names: Sequence[str]) -> Item:
    def change() -> str:
        form = "${db:Status-Status} ${Package}\n"
        done = subprocess.run(["dpkg-query", "-W", "-f", form, *names], capture_output=True, text=True, check=False)
        there = {line.partition(" ")[2] for line in done.stdout.splitlines() if line.startswith("installed ")}
        return "".join(f"+{name}\n" for name in names if name not in there)

    def apply() -> None:
        install(names)

    return Item("packages", change, apply)


def front_packages(front: dict[str, Any]) -> list[str]:
    """The packages of the front server."""
    return ["nginx", "openssl", *(["certbot"] if front["tls"]["kind"] == "Acme" else [])]


def upgrades() -> str:
    wanted = ("Update-Package-Lists", "Unattended-Upgrade")
    return f"// {MARK}\n" + "".join(f'APT::Periodic::{name} "1";\n' for name in wanted)
