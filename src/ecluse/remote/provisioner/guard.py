"""The timer that takes a change to the SSH server or the firewall back, unless the administrator signs in anew."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from ecluse.remote.provisioner.debian import run
from ecluse.remote.provisioner.firewall import firewall_remove
from ecluse.remote.provisioner.sshd import ssh_remove

__all__ = ["guard", "is_guarded", "keep", "revert"]

TIMER, SECONDS = "ecluse-revert", 120
"""The timer's name, and its seconds."""


def guard(program: Path) -> None:
    """Set the timer that takes the changes back by *program*, a copy of which it keeps."""
    stop_timer()
    kept = Path("/run/ecluse-provisioner.zip")
    kept.unlink(missing_ok=True)
    with open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # its order may have secrets
        file.write(program.read_bytes())
    argv = ["/usr/bin/python3", "-I", str(kept), "revert"]
    run(["systemd-run", "--quiet", f"--unit={TIMER}", f"--on-active={SECONDS}", *argv])


def is_guarded() -> bool:
    """Whether the timer is set."""
    return subprocess.run(["systemctl", "is-active", "--quiet", f"{TIMER}.timer"], check=False).returncode == 0


def keep() -> None:
    stop_timer()
    print(json.dumps({"kept": True}))


def revert() -> None:
    """Take the changes to the SSH server and the firewall back."""
    ssh_remove()
    firewall_remove()


def stop_timer() -> None:
    for name in (f"{TIMER}.timer", f"{TIMER}.service"):
        subprocess.run(["systemctl", "stop", name], capture_output=True, check=False)
