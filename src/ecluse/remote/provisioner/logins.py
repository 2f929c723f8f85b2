"""The accounts of the server: who may sign in, and who may become root."""

from __future__ import annotations

import pwd
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.debian import exists, run
from ecluse.remote.provisioner.item import Item

__all__ = ["SUDO", "an_account", "as_account"]

SUDO = Path("/etc/sudoers.d/ecluse")


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


def as_account(name: str, script: str, text: str = "", what: str = "the keys") -> str:
    """Run *script* as the account *name*, in its home: what lies there, links too, is that account's to choose. Its
    input is *text*; returns its output, and ends where it fails: *what* cannot be written.
    """
    entry = pwd.getpwnam(name)
    environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    who: dict[str, Any] = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    argv = ["/bin/sh", "-c", script]
    done = subprocess.run(
        argv, cwd=entry.pw_dir, env=environ, input=text, capture_output=True, text=True, check=False, **who
    )
    if done.returncode != 0:
        sys.exit(f"{what} of {name} cannot be written in {entry.pw_dir}: {done.stderr.strip()[-500:]}")
    printed: str = done.stdout
    return printed
