"""The parts of a server that ``ecluse provision --remove`` takes away: what it has written itself, and nothing else.

Nobody is locked out by that: accounts, their keys and the administrator's sudo stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.backup_timers import backup_timers
from ecluse.remote.provisioner.boot import start_remove, start_unit
from ecluse.remote.provisioner.certificate import HOOK
from ecluse.remote.provisioner.debian import MARK
from ecluse.remote.provisioner.firewall import FIREWALL, UNIT, firewall_remove
from ecluse.remote.provisioner.installed import UPGRADES
from ecluse.remote.provisioner.item import Item
from ecluse.remote.provisioner.logins import SUDO
from ecluse.remote.provisioner.nginx import SHARED, nginx_remove, site_paths
from ecluse.remote.provisioner.sshd import SSHD, ssh_remove
from ecluse.remote.provisioner.swap import FILE
from ecluse.remote.provisioner.swap import UNIT as SWAP
from ecluse.remote.provisioner.swap import swap_remove
from ecluse.remote.provisioner.watchers import watchers_remove

__all__ = ["removals"]

UNITS = Path("/etc/systemd/system")


def removals(order: dict[str, Any]) -> Iterator[Item]:
    """The parts that are taken away. Those of the machine stay where it has other environments."""
    start = start_unit(order)
    if order["front"]:
        yield _removed("nginx", site_paths(order), lambda: nginx_remove(*site_paths(order)))
    yield backup_timers({**order, "backup": None})
    yield _removed("start", (start,), lambda: start_remove(start), _stays(order))
    if others := _others(start):
        note = (
            f"the machine serves {', '.join(others)} too: its SSH server, firewall, swap and upgrades stay as they are"
        )
        yield _removed("machine", (), lambda: None, note)
        return
    if watched := order["monitoring"]:
        yield _removed("monitoring", tuple(map(Path, watched["files"])), lambda: watchers_remove(watched))
    if order["front"]:
        yield _removed("nginx of the machine", (SHARED, HOOK), lambda: nginx_remove(SHARED, HOOK))
    yield _removed("upgrades", (UPGRADES,), UPGRADES.unlink)
    yield _removed("swap", (FILE, SWAP), swap_remove)
    yield _removed("firewall", (FIREWALL, UNIT), firewall_remove)
    yield _removed("ssh", (SSHD,), ssh_remove)


def _removed(name: str, paths: tuple[Path, ...], remove: Callable[[], None], note: str = "") -> Item:
    def change() -> str:
        return "".join(f"-{path}\n" for path in paths if path.exists() and (path == FILE or _is_ours(path)))

    return Item(name, change, remove, note=lambda: note)


def _is_ours(path: Path) -> bool:
    return MARK in path.read_text(encoding="utf-8", errors="replace")


def _stays(order: dict[str, Any]) -> str:
    return (
        f"these stay: the accounts {order['administrator']} (with {SUDO}) and {order['user']}, with keys and homes; "
        "the site, which is not stopped; its backups and their password; the packages of Debian; a database with its "
        "data; certificates; the time zone"
    )


def _others(start: Path) -> list[str]:
    """The units of other environments, which start with this machine too."""
    units = (path for path in UNITS.glob("*.service") if path != start and _is_ours(path))
    return sorted(path.stem for path in units if "/ecluse start " in path.read_text(encoding="utf-8"))
