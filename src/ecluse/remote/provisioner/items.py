"""The parts of a server, in the order in which they are provisioned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.backup_timers import backup_password, backup_timers
from ecluse.remote.provisioner.boot import place, start_apply, start_change
from ecluse.remote.provisioner.certificate import certificate
from ecluse.remote.provisioner.clock import synchronised, time_daemon, time_zone
from ecluse.remote.provisioner.debian import MARK
from ecluse.remote.provisioner.firewall import firewall_apply, firewall_change
from ecluse.remote.provisioner.home import readable
from ecluse.remote.provisioner.installed import PACKAGES, UPGRADES, front_packages, packages, upgrades
from ecluse.remote.provisioner.item import Item, a_file
from ecluse.remote.provisioner.logins import SUDO, an_account
from ecluse.remote.provisioner.nginx import nginx, nginx_apply
from ecluse.remote.provisioner.ports import site_port
from ecluse.remote.provisioner.postgresql import postgresql
from ecluse.remote.provisioner.sshd import ssh_apply, ssh_change
from ecluse.remote.provisioner.swap import swap
from ecluse.remote.provisioner.watchers import watchers

__all__ = ["items"]


def items(order: dict[str, Any]) -> Iterator[Item]:
    """The parts of the server, in their order: each may need those before it."""
    zone, database, front = order["time_zone"], order["database"], order["front"]
    daemon = time_daemon()
    needed = [daemon, *(["tzdata"] if zone else []), *(["postgresql"] if database else [])]
    needed += ["restic"] if order["backup"] else []
    served = front_packages(front) if front else []
    yield packages([*PACKAGES, *needed, *served, *order["packages"]])
    if zone:
        yield time_zone(zone)
    yield synchronised(daemon)
    if order["swap"]:
        yield swap(order["swap"])
    # Before there is the account: the next run signs in as the administrator once that account lets it in.
    yield a_file("sudo", SUDO, f"# {MARK}\n{order['administrator']} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    for account in (order["administrator"], order["user"]):
        yield an_account(account, order["keys"])
    yield a_file("upgrades", UPGRADES, upgrades())
    if database:
        own = Path(place(order), ".ecluse", "environments", order["environment"], "postgres")
        yield postgresql(order["user"], database, own, order["tested"])
    yield Item("start", lambda: start_change(order), lambda: start_apply(order))
    if order["backup"]:
        yield backup_password(order)
    yield backup_timers(order)
    if front:
        yield readable(order["user"])
        yield site_port(order)
        yield nginx(order)
        if front["tls"]["kind"] != "TlsProxy":
            yield certificate(order, lambda: nginx_apply(order))
    if order["monitoring"]:
        yield watchers(order["monitoring"])
    yield Item("ssh", ssh_change, ssh_apply, guarded=True)
    yield Item("firewall", lambda: firewall_change(order), lambda: firewall_apply(order), guarded=True)
