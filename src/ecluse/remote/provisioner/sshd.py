"""The SSH server: nobody is root by it, and no password opens it."""

from __future__ import annotations

from pathlib import Path

from ecluse.remote.provisioner.debian import MARK, difference, run, write

__all__ = ["SSHD", "ssh_apply", "ssh_change", "ssh_remove"]

SSHD = Path("/etc/ssh/sshd_config.d/00-ecluse.conf")

HARDENED = {"permitrootlogin": "no", "passwordauthentication": "no", "kbdinteractiveauthentication": "no"}
"""The values that have to be in force of the SSH server, as ``sshd -T`` says them."""


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


def ssh_remove() -> None:
    """Let the SSH server be as it was: the file is ours alone."""
    SSHD.unlink(missing_ok=True)
    run(["systemctl", "reload", "ssh"])
