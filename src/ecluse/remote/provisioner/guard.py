"""The timer that takes a change to the SSH server or the firewall back, unless the administrator signs in anew."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from ecluse.remote.provisioner.debian import run
from ecluse.remote.provisioner.firewall import FIREWALL, UNIT
from ecluse.remote.provisioner.sshd import SSHD

__all__ = ["guard", "keep", "revert"]

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
