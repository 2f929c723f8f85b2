"""The firewall: it opens SSH and the given ports, after a restart of the machine too."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.debian import MARK, difference, run, write

__all__ = ["FIREWALL", "UNIT", "firewall_apply", "firewall_change", "firewall_remove"]

FIREWALL = Path("/etc/ecluse/firewall.nft")
UNIT = Path("/etc/systemd/system/ecluse-firewall.service")


def firewall_wanted(order: dict[str, Any]) -> str:
    said = run(["sshd", "-T"]).splitlines()
    ssh = {line.split()[1] for line in said if line.startswith("port ")}
    ports = ", ".join(sorted({*ssh, *map(str, order["ports"])}, key=int))
    return f"""\
# {MARK}
table inet ecluse
delete table inet ecluse
table inet ecluse {{
    chain input {{
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        ct state invalid drop
        iif lo accept
        meta l4proto {{ icmp, ipv6-icmp }} accept
        udp dport 546 accept
        tcp dport {{ {ports} }} accept
    }}
}}
"""


def unit() -> str:
    return f"""\
# {MARK}
[Unit]
Description=The firewall of ecluse provision
Before=network-pre.target
Wants=network-pre.target
DefaultDependencies=no

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f {FIREWALL}
ExecStop=/usr/sbin/nft delete table inet ecluse

[Install]
WantedBy=sysinit.target
"""


def firewall_change(order: dict[str, Any]) -> str:
    runs = (
        subprocess.run(["nft", "list", "table", "inet", "ecluse"], capture_output=True, check=False) if nft() else None
    )
    loaded = runs is not None and runs.returncode == 0
    return (
        difference(FIREWALL, firewall_wanted(order))
        + difference(UNIT, unit())
        + ("" if loaded else "+the firewall is loaded, and with every start\n")
    )


def nft() -> bool:
    return Path("/usr/sbin/nft").exists()


def firewall_apply(order: dict[str, Any]) -> None:
    FIREWALL.parent.mkdir(exist_ok=True)
    write(FIREWALL, firewall_wanted(order))
    write(UNIT, unit())
    run(["systemctl", "daemon-reload"])
    run(["systemctl", "enable", UNIT.name])
    run(["systemctl", "restart", UNIT.name])


def firewall_remove() -> None:
    """Open all ports, now and after a restart: the files are ours alone."""
    if UNIT.exists():
        run(["systemctl", "disable", "--now", UNIT.name])
        UNIT.unlink()
    FIREWALL.unlink(missing_ok=True)
    run(["systemctl", "daemon-reload"])
