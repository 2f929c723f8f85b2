"""The program that provisions a server: it runs there as root, on behalf of ``ecluse provision``.

It needs Debian's own Python alone. Its first argument is ``plan``, ``apply``, ``keep`` or ``revert``, its second one
the order as JSON. Each item says what would change, as a difference of texts; applied, it says that nothing would.

The SSH server and the firewall could shut everybody out. Before they are changed a timer is set that takes the change
back; ``keep``, which only the administrator's new connection calls, stops it.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__: list[str] = []

MARK = "Written by `ecluse provision`"
SSHD = Path("/etc/ssh/sshd_config.d/00-ecluse.conf")
FIREWALL = Path("/etc/ecluse/firewall.nft")
UNIT = Path("/etc/systemd/system/ecluse-firewall.service")
UPGRADES = Path("/etc/apt/apt.conf.d/52ecluse-upgrades")
SUDO = Path("/etc/sudoers.d/ecluse")
TIMER, SECONDS = "ecluse-revert", 120
"""The timer that takes a change to the SSH server or the firewall back, and its seconds."""

# What a site needs to be rolled out, and a server to be left alone.
PACKAGES = ("python3-venv", "nftables", "sudo", "unattended-upgrades")

HARDENED = {"permitrootlogin": "no", "passwordauthentication": "no", "kbdinteractiveauthentication": "no"}
"""The values that have to be in force of the SSH server, as ``sshd -T`` says them."""


@dataclass(frozen=True)
class Item:
    """A part of the server. *change* says what would change, empty where nothing would; *apply* changes it. *guarded*:
    it could shut everybody out.
    """

    name: str
    change: Callable[[], str]
    apply: Callable[[], None]
    guarded: bool = False


def items(order: dict[str, Any]) -> Iterator[Item]:
    """The parts of the server, in their order: each may need those before it."""
    yield packages([*PACKAGES, *order["packages"]])
    for account in (order["administrator"], order["user"]):
        yield an_account(account, order["keys"])
    yield a_file("sudo", SUDO, f"# {MARK}\n{order['administrator']} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    yield a_file("upgrades", UPGRADES, upgrades())
    yield Item("start", lambda: start_change(order), lambda: start_apply(order))
    yield Item("ssh", ssh_change, ssh_apply, guarded=True)
    yield Item("firewall", lambda: firewall_change(order), lambda: firewall_apply(order), guarded=True)


def main(mode: str, order: dict[str, Any]) -> None:
    check()
    if mode in ("keep", "revert"):
        {"keep": keep, "revert": revert}[mode]()
        return
    if mode == "apply":
        alone()
    found = [(item, item.change()) for item in items(order)]
    changed = [(item, change) for item, change in found if change]
    if mode == "apply":
        if any(item.guarded for item, _ in changed):
            guard()
        for item, _ in changed:
            with contextlib.suppress(OSError):  # nobody reads it any more: it is finished all the same
                print(json.dumps({"item": item.name}), flush=True)
            item.apply()
            if left := item.change():
                sys.exit(f"{item.name} is not as it should be although it was changed:\n{left}")
    guarded = mode == "apply" and any(item.guarded for item, _ in changed)
    print(json.dumps({"changes": {item.name: change for item, change in changed}, "guarded": guarded}))


def check() -> None:
    """End where this is a system that is not known here, or where we are not root."""
    values = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    system = (values.get("ID", "").strip('"'), values.get("VERSION_ID", "").strip('"'))
    if system not in (("debian", "12"), ("debian", "13")):
        sys.exit(f"this is {values.get('PRETTY_NAME', 'an unknown system')}: Debian 12 and 13 are known here")
    if os.geteuid() != 0:
        sys.exit("this account is not root, and has no sudo without a password")


def alone() -> None:
    """Exit if another provisioning is under way. The kernel releases the lock when this process ends."""
    lock = os.open("/run/ecluse-provision.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("another provision of this machine is under way")


def packages(names: Sequence[str]) -> Item:
    def change() -> str:
        form = "${db:Status-Status} ${Package}\n"
        done = subprocess.run(["dpkg-query", "-W", "-f", form, *names], capture_output=True, text=True, check=False)
        there = {line.partition(" ")[2] for line in done.stdout.splitlines() if line.startswith("installed ")}
        return "".join(f"+{name}\n" for name in names if name not in there)

    def apply() -> None:
        # A new server's first upgrade holds the lock for minutes.
        apt = ["apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=600", "--no-install-recommends"]
        run([*apt, "update"])
        run([*apt, "install", *names], DEBIAN_FRONTEND="noninteractive", NEEDRESTART_MODE="l")

    return Item("packages", change, apply)


def an_account(name: str, keys: Sequence[str]) -> Item:
    def missing() -> list[str]:
        there = as_account(name, "cat .ssh/authorized_keys 2>/dev/null || true") if exists(name) else ""
        return [key for key in keys if key not in there.splitlines()]

    def change() -> str:
        made = "" if exists(name) else f"+account {name}\n"
        return made + "".join(f"+key {key}\n" for key in missing())

    def apply() -> None:
        if not exists(name):
            run(["useradd", "--create-home", "--shell", "/bin/bash", name])
        copy = "umask 077 && mkdir -p .ssh && cd .ssh && touch authorized_keys && cp authorized_keys .new"
        add = r"sed -i '$a\' .new && cat >> .new && mv .new authorized_keys"  # its last line may have no end
        as_account(name, f"{copy} && {add}", "".join(f"{key}\n" for key in missing()))

    return Item(f"account {name}", change, apply)


def as_account(name: str, script: str, text: str = "") -> str:
    """Run *script* as the account *name*, in its home: what lies there, links too, is that account's to choose. Its
    input is *text*; returns its output, and ends where it fails.
    """
    entry = pwd.getpwnam(name)
    environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    who: dict[str, Any] = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    argv = ["/bin/sh", "-c", script]
    done = subprocess.run(
        argv, cwd=entry.pw_dir, env=environ, input=text, capture_output=True, text=True, check=False, **who
    )
    if done.returncode != 0:
        sys.exit(f"the keys of {name} cannot be written in {entry.pw_dir}: {done.stderr.strip()[-500:]}")
    printed: str = done.stdout
    return printed


def exists(account: str) -> bool:
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True


def a_file(name: str, path: Path, content: str, mode: int = 0o644) -> Item:
    return Item(name, lambda: difference(path, content), lambda: write(path, content, mode))


def upgrades() -> str:
    wanted = ("Update-Package-Lists", "Unattended-Upgrade")
    return f"// {MARK}\n" + "".join(f'APT::Periodic::{name} "1";\n' for name in wanted)


def start_wanted(order: dict[str, Any]) -> str:
    """The unit that starts with the machine what its site served last."""
    user, name = order["user"], order["environment"]
    home = pwd.getpwnam(user).pw_dir if exists(user) else f"/home/{user}"
    place = f"{home}/{order['folder']}"
    return f"""\
# {MARK}
[Unit]
Description=What {name} served last
Wants=network-online.target
After=network-online.target
ConditionPathExists={place}/ecluse

[Service]
Type=oneshot
RemainAfterExit=yes
User={user}
WorkingDirectory={place}
ExecStart={place}/ecluse start {name}
ExecStop={place}/ecluse stop {name}
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


def ssh_wanted() -> str:
    return f"# {MARK}\n" + "".join(f"{name} {value}\n" for name, value in HARDENED.items())


def ssh_change() -> str:
    """The file, and what is in force: the first value that the SSH server reads wins, in whatever file it stands."""
    said = run(["sshd", "-T"]).splitlines()
    force = dict(line.split(" ", 1) for line in said if " " in line)
    wrong = [name for name, value in HARDENED.items() if force.get(name) != value]
    return difference(SSHD, ssh_wanted()) + "".join(f"-{name} {force.get(name)}\n" for name in wrong)


def ssh_apply() -> None:
    write(SSHD, ssh_wanted())
    run(["sshd", "-t"])
    run(["systemctl", "reload", "ssh"])


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
        udp dport dhcpv6-client accept
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


def guard() -> None:
    """Set the timer that takes the changes back."""
    stop_timer()
    program = Path("/run/ecluse-provisioner.py")
    write(program, Path(__file__).read_text(encoding="utf-8"))
    argv = ["/usr/bin/python3", "-I", str(program), "revert", "{}"]
    run(["systemd-run", "--quiet", f"--unit={TIMER}", f"--on-active={SECONDS}", *argv])


def keep() -> None:
    stop_timer()
    print(json.dumps({"kept": True}))


def revert() -> None:
    """Take the changes to the SSH server and the firewall back: their files are ours alone."""
    SSHD.unlink(missing_ok=True)
    run(["systemctl", "reload", "ssh"])
    if UNIT.exists():
        run(["systemctl", "disable", "--now", UNIT.name])
        UNIT.unlink()
    FIREWALL.unlink(missing_ok=True)
    run(["systemctl", "daemon-reload"])


def stop_timer() -> None:
    for name in (f"{TIMER}.timer", f"{TIMER}.service"):
        subprocess.run(["systemctl", "stop", name], capture_output=True, check=False)


def difference(path: Path, content: str) -> str:
    """The difference of *path* and *content*. Ends where the file is not ours."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before and MARK not in before:
        sys.exit(f"{path} is there and was not written by ecluse: it is left as it is. Move it away first")
    old, new = before.splitlines(keepends=True), content.splitlines(keepends=True)
    return "".join(difflib.unified_diff(old, new, str(path), str(path)))


def write(path: Path, content: str, mode: int = 0o644) -> None:
    scratch = path.with_name(f".{path.name}.new")
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, path)


def run(argv: Sequence[str], **more: str) -> str:
    """The output of a program. Ends, with what it said, where it fails."""
    environ = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **more}
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(argv)} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
