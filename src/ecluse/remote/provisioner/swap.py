"""The swap file of the server: unused memory goes there where memory is short."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ecluse.remote.provisioner.debian import MARK, difference, run, write
from ecluse.remote.provisioner.item import Item

__all__ = ["FILE", "UNIT", "swap", "swap_remove"]

FILE = Path("/var/lib/ecluse/swap")
UNIT = Path("/etc/systemd/system/ecluse-swap.service")
"""The unit that uses the file. It is no swap unit: systemd has none in a container."""

USED = Path("/proc/swaps")


def swap(megabytes: int) -> Item:
    """A swap file of so many MB, in use and with every start. Other swap of the machine stays as it is."""
    size = megabytes << 20

    def change() -> str:
        there = FILE.stat().st_size if FILE.exists() else 0
        file = "" if there == size else (f"-{there >> 20} MB\n" if there else "") + f"+{megabytes} MB\n"
        return file + difference(UNIT, unit()) + ("" if _in_use() else "+in use, and with every start\n")

    def apply() -> None:
        if not FILE.exists() or FILE.stat().st_size != size:
            _make(size)
        write(UNIT, unit())
        run(["systemctl", "daemon-reload"])
        run(["systemctl", "enable", UNIT.name])
        if not _in_use():
            run(["systemctl", "restart", UNIT.name])

    return Item("swap", change, apply)


def unit() -> str:
    return f"""\
# {MARK}
[Unit]
Description=The swap of ecluse provision
RequiresMountsFor={FILE.parent}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/swapon {FILE}
ExecStop=-/usr/sbin/swapoff {FILE}

[Install]
WantedBy=multi-user.target
"""


def swap_remove() -> None:
    if UNIT.exists():
        run(["systemctl", "disable", "--now", UNIT.name])
    if _in_use():
        run(["swapoff", str(FILE)])
    for path in (UNIT, FILE):
        path.unlink(missing_ok=True)
    run(["systemctl", "daemon-reload"])


def _make(size: int) -> None:
    """Make the file anew, or leave what is there: a full disk is no reason to have less."""
    FILE.parent.mkdir(exist_ok=True)
    scratch = FILE.with_name(".swap.new")
    try:
        with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)  # swap may have no holes
            os.fsync(file.fileno())
        run(["mkswap", str(scratch)])
        if _in_use():
            run(["swapoff", str(FILE)])
        os.replace(scratch, FILE)
    except OSError as error:
        sys.exit(f"there is no swap file of {size >> 20} MB in {FILE.parent}: {error.strerror}")
    finally:
        scratch.unlink(missing_ok=True)


def _in_use() -> bool:
    lines = USED.read_text(encoding="utf-8").splitlines() if USED.exists() else []
    return any(line.split()[0] == str(FILE) for line in lines)
