"""The time zone of the server: by it its logs are read, and its timers run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ecluse.remote.provisioner.debian import write
from ecluse.remote.provisioner.item import Item

__all__ = ["time_zone"]

LOCAL = Path("/etc/localtime")
ZONES = Path("/usr/share/zoneinfo")
NAME = Path("/etc/timezone")
"""The name of the zone once more: Debian 12 has it, Debian 13 does not."""


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
