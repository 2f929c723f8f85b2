"""The clock of the server: its time zone, by which timers run, and the program that keeps it right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ecluse.remote.provisioner.debian import run, write
from ecluse.remote.provisioner.item import Item

__all__ = ["synchronised", "time_daemon", "time_zone"]

LOCAL = Path("/etc/localtime")
ZONES = Path("/usr/share/zoneinfo")
NAME = Path("/etc/timezone")
"""The name of the zone once more: Debian 12 has it, Debian 13 does not."""

UNITS = Path("/usr/lib/systemd/system")
DAEMONS = ("chrony", "ntpsec", "openntpd", "systemd-timesyncd")
"""Programs that keep the clock right, by the names of their packages and units. Debian installs one at most."""


def time_daemon() -> str:
    """The program that keeps the clock right: the one that is installed, else that of systemd."""
    return next((name for name in DAEMONS if (UNITS / f"{name}.service").exists()), DAEMONS[-1])


def synchronised(daemon: str) -> Item:
    def change() -> str:
        asked = subprocess.run(["systemctl", "is-enabled", daemon], capture_output=True, check=False)
        return "" if asked.returncode == 0 else f"+{daemon}, now and with every start\n"

    def apply() -> None:
        run(["systemctl", "enable", "--now", daemon])

    return Item("time synchronisation", change, apply)


def time_zone(name: str) -> Item:
    def change() -> str:
        if LOCAL.resolve() == (ZONES / name).resolve():
            return ""
        before = os.readlink(LOCAL) if LOCAL.is_symlink() else "UTC"
        return f"-{before}\n+{ZONES / name}\n"

    def apply() -> None:
        if not (ZONES / name).is_file():
            sys.exit(f"Debian knows no time zone {name}: `timedatectl list-timezones` lists them")
        scratch = LOCAL.with_name(".localtime.new")
        scratch.unlink(missing_ok=True)
        scratch.symlink_to(ZONES / name)
        os.replace(scratch, LOCAL)
        if NAME.exists():
            write(NAME, f"{name}\n")

    return Item("time zone", change, apply)
