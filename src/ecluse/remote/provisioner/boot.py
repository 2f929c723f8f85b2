"""The unit of systemd that starts with the machine what its site served last."""

from __future__ import annotations

import pwd
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.debian import MARK, difference, exists, run, write

__all__ = ["place", "start_apply", "start_change", "start_remove", "start_unit"]


def place(order: dict[str, Any]) -> str:
    """The folder of the site."""
    user = order["user"]
    home = pwd.getpwnam(user).pw_dir if exists(user) else f"/home/{user}"
    return f"{home}/{order['folder']}"


def start_wanted(order: dict[str, Any]) -> str:
    """The unit that starts with the machine what its site served last."""
    user, name, folder = order["user"], order["environment"], place(order)
    after = " ".join(["network-online.target", *(["postgresql.service"] if order["database"] else [])])
    return f"""\
# {MARK}
[Unit]
Description=What {name} served last
Wants=network-online.target
After={after}
ConditionPathExists={folder}/ecluse

[Service]
Type=oneshot
RemainAfterExit=yes
User={user}
WorkingDirectory={folder}
ExecStart={folder}/ecluse start {name}
ExecStop={folder}/ecluse stop {name}
TimeoutStartSec=600
TimeoutStopSec=180

[Install]
WantedBy=multi-user.target
"""


def start_unit(order: dict[str, Any]) -> Path:
    return Path("/etc/systemd/system", f"{order['folder'].replace('/', '-')}.service")


def start_change(order: dict[str, Any]) -> str:
    path = start_unit(order)
    enabled = Path("/etc/systemd/system/multi-user.target.wants", path.name).exists()
    return difference(path, start_wanted(order)) + ("" if enabled else "+started with the machine\n")


def start_apply(order: dict[str, Any]) -> None:
    path = start_unit(order)
    write(path, start_wanted(order))
    run(["systemctl", "daemon-reload"])
    run(["systemctl", "enable", path.name])


def start_remove(path: Path) -> None:
    """Let the site not start with the machine any more. What it serves is not stopped."""
    run(["systemctl", "disable", path.name])
    path.unlink()
    run(["systemctl", "daemon-reload"])
