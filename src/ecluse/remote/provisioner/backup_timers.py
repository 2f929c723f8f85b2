"""The backups of a site: their password, and the timers of systemd that save the data and prove the newest backup."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.boot import place, start_unit
from ecluse.remote.provisioner.debian import MARK, difference, run, write
from ecluse.remote.provisioner.item import Item

__all__ = ["backup_password", "backup_timers"]

PASSWORD = "RESTIC_PASSWORD"

_EVERY = {
    "hour": "*-*-* *:17:00",
    "6 hours": "*-*-* 03/6:17:00",
    "day": "*-*-* 03:17:00",
    "week": "Mon *-*-* 03:17:00",
}
"""The times of backups, as systemd writes them."""

_WEEKLY = "Sun *-*-* 05:43:00"

# As the account, so that all of it belongs to that one.
_KEEP = 'mkdir -p "$1" && umask 077 && cat >"$1/.$2.new" && sync "$1/.$2.new" && mv "$1/.$2.new" "$1/$2"'


def backup_password(order: dict[str, Any]) -> Item:
    """The variables of restic, kept for the account of the site alone. A password that is there is never replaced; if
    none is given, one is made. The account at S3 is replaced by the one that is given.
    """
    path = Path(place(order), ".ecluse", "environments", order["environment"], "backup.json")

    def kept() -> dict[str, str]:
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def given() -> dict[str, str]:
        variables: dict[str, str] = order["backup"]["variables"]
        return {name: value for name, value in variables.items() if name != PASSWORD or PASSWORD not in kept()}

    def change() -> str:
        there = kept()
        new = [name for name in dict.fromkeys([PASSWORD, *given()]) if name not in there]
        other = [name for name, value in given().items() if there.get(name, value) != value]
        return "".join(f"+{name}\n" for name in new) + "".join(f"~{name}\n" for name in other)

    def apply() -> None:
        wanted = {PASSWORD: secrets.token_urlsafe(32), **kept(), **given()}
        argv = ["runuser", "-u", order["user"], "--", "sh", "-c", _KEEP, "sh", str(path.parent), path.name]
        run(argv, input=json.dumps(wanted, indent=1) + "\n")

    def note() -> str:
        return f"without the password in {path} no backup can be read: keep a copy of that file elsewhere"

    return Item("password of the backups", change, apply, note=note)


def backup_timers(order: dict[str, Any]) -> Item:
    """The timers, where the order has any; else they are taken away."""
    wanted = _units(order)

    def unwanted() -> list[Path]:
        paths = (_path(order, what, kind) for what in ("backup", "proof") for kind in ("service", "timer"))
        return [path for path in paths if path not in wanted and path.exists()]

    def change() -> str:
        return (
            "".join(difference(path, text) for path, text in wanted.items())
            + "".join(difference(path, "") for path in unwanted())
            + "".join(f"+{path.name} is set\n" for path in wanted if path.suffix == ".timer" and not _is_set(path))
        )

    def apply() -> None:
        for path in unwanted():
            if path.suffix == ".timer":
                run(["systemctl", "disable", "--now", path.name])
            path.unlink()
        for path, text in wanted.items():
            write(path, text)
        run(["systemctl", "daemon-reload"])
        for path in wanted:
            if path.suffix == ".timer":
                run(["systemctl", "enable", path.name])
                run(["systemctl", "restart", path.name])

    return Item("timers of the backups", change, apply)


def _units(order: dict[str, Any]) -> dict[Path, str]:
    every = order["backup"]["every"] if order["backup"] else ""
    if not every:
        return {}
    name = order["environment"]
    return {
        _path(order, "backup", "service"): _service(order, f"A backup of {name}", f"backup {name}"),
        _path(order, "backup", "timer"): _timer(f"Backups of {name}", _EVERY[every]),
        _path(order, "proof", "service"): _service(
            order, f"A proof of {name}'s newest backup", f"backup {name} --prove"
        ),
        _path(order, "proof", "timer"): _timer(f"Proofs of {name}'s newest backup", _WEEKLY),
    }


def _path(order: dict[str, Any], what: str, kind: str) -> Path:
    start = start_unit(order)
    # No environment has a dot in its name.
    return start.with_name(f"{start.stem}.{what}.{kind}")


def _is_set(timer: Path) -> bool:
    return Path("/etc/systemd/system/timers.target.wants", timer.name).exists()


def _service(order: dict[str, Any], about: str, command: str) -> str:
    folder = place(order)
    return f"""\
# {MARK}
[Unit]
Description={about}
Wants=network-online.target
After=network-online.target
ConditionPathExists={folder}/ecluse

[Service]
Type=oneshot
User={order["user"]}
WorkingDirectory={folder}
ExecStart={folder}/ecluse {command}
Nice=10
IOSchedulingClass=idle
TimeoutStartSec=12h
"""


def _timer(about: str, calendar: str) -> str:
    return f"""\
# {MARK}
[Unit]
Description={about}

[Timer]
OnCalendar={calendar}
RandomizedDelaySec=20min
FixedRandomDelay=true
Persistent=true

[Install]
WantedBy=timers.target
"""
