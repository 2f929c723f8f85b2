"""The programs that watch the server: their files, their packages, their secrets, and that they run.

Their files come first: so from the first moment they listen on the loopback alone.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.debian import difference, run, write
from ecluse.remote.provisioner.installed import packages
from ecluse.remote.provisioner.item import Item

__all__ = ["watchers", "watchers_remove"]

VERSION = Path("/etc/debian_version")
PATIENCE = 60
"""Seconds for which a program that was started may take to listen."""


def watchers(wanted: dict[str, Any]) -> Item:
    """The programs that watch, as ``ecluse.monitoring.installation`` orders them."""
    installed = packages(list(wanted["services"]))

    def change() -> str:
        if VERSION.read_text().startswith("12"):
            sys.exit("monitoring needs Debian 13: Alertmanager of Debian 12 reads no address from a file")
        return (
            "".join(difference(Path(path), text) for path, text in wanted["files"].items())
            + installed.change()
            + "".join(f"+secret {name}\n" for name in new_secrets(wanted))
            + "".join(f"+{unit} runs\n" for unit in units(wanted) if not runs(unit))
        )

    def apply() -> None:
        for path, text in wanted["files"].items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            write(Path(path), text)
        run(["systemctl", "daemon-reload"])
        if installed.change():
            installed.apply()
        for name in new_secrets(wanted):
            write_secret(Path(wanted["secrets_folder"], name), wanted["secrets"][name])
        run(["systemctl", "enable", *units(wanted)])
        for unit in units(wanted):
            run(["systemctl", "restart", unit])
        for unit, port in wanted["services"].items():
            await_port(unit, port)

    return Item("monitoring", change, apply)


def watchers_remove(wanted: dict[str, Any]) -> None:
    """Take the files away, and stop the programs: without our files they would listen everywhere. Figures stay."""
    run(["systemctl", "disable", "--now", *units(wanted)])
    for path in wanted["files"]:
        Path(path).unlink(missing_ok=True)
    shutil.rmtree(wanted["secrets_folder"], ignore_errors=True)
    run(["systemctl", "daemon-reload"])


def units(wanted: dict[str, Any]) -> list[str]:
    return [*(f"{name}.service" for name in wanted["services"]), wanted["timer"]]


def runs(unit: str) -> bool:
    """Whether *unit* runs, and is started with the machine."""
    asked = (subprocess.run(["systemctl", "-q", what, unit], check=False) for what in ("is-active", "is-enabled"))
    return all(answer.returncode == 0 for answer in asked)


def new_secrets(wanted: dict[str, Any]) -> list[str]:
    """The secrets whose files have to be written. Ends where one is neither given nor there."""
    kept = {path.name: path.read_text() for path in Path(wanted["secrets_folder"]).glob("*")}
    if missing := [name for name, value in wanted["secrets"].items() if value is None and name not in kept]:
        sys.exit(f"secrets of monitoring are not set: {', '.join(missing)}. Set them for this command once")
    return [name for name, value in wanted["secrets"].items() if value not in (None, kept.get(name))]


def write_secret(path: Path, value: str) -> None:
    """Write a secret that root and the group ``prometheus`` may read."""
    path.parent.mkdir(mode=0o750, exist_ok=True)
    shutil.chown(path.parent, group="prometheus")
    write(path, value, 0o600)
    shutil.chown(path, group="prometheus")
    os.chmod(path, 0o640)


def await_port(unit: str, port: int) -> None:
    """Return once *unit* listens. Exits with the last lines of its log where it does not."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline:
            sys.exit(
                f"{unit} does not listen on port {port}: {run(['journalctl', '-n', '10', '-o', 'cat', '-u', unit])}"
            )
        time.sleep(0.2)
