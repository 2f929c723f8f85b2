"""Files and programs of the machine that is provisioned."""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["MARK", "check", "difference", "exists", "run", "say", "version", "write"]

MARK = "Written by `ecluse provision`"


def check() -> None:
    """End where this is a system that is not known here, or where we are not root."""
    system = _system()
    if (system.get("ID"), version()) not in (("debian", "12"), ("debian", "13")):
        sys.exit(f"this is {system.get('PRETTY_NAME', 'an unknown system')}: Debian 12 and 13 are known here")
    if os.geteuid() != 0:
        sys.exit("this account is not root, and has no sudo without a password")


def version() -> str:
    """The version of Debian: ``13``."""
    return _system().get("VERSION_ID", "")


def _system() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    return {name: value.strip("\"'") for name, equals, value in (line.partition("=") for line in lines) if equals}


def exists(account: str) -> bool:
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True


def difference(path: Path, content: str) -> str:
    """The difference of *path* and *content*. Exits, naming *path*, where Écluse did not write that file."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before and MARK not in before:
        sys.exit(f"{path} is there and was not written by ecluse: it is left as it is. Move it away first")
    old, new = before.splitlines(keepends=True), content.splitlines(keepends=True)
    return "".join(difflib.unified_diff(old, new, str(path), str(path)))


def write(path: Path, content: str, mode: int = 0o644) -> None:
    scratch = path.with_name(f".{path.name}.new")
    try:
        with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def say(text: str) -> None:
    """Tell the person who provisions, if that one is still there: what was begun is finished all the same."""
    with contextlib.suppress(OSError):
        print(json.dumps({"item": text}), flush=True)


def run(argv: Sequence[str], input: str | None = None, **more: str) -> str:
    """The output of a program that is given *input*. Ends, with what it said, where it fails."""
    environ = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **more}
    done = subprocess.run(argv, env=environ, cwd="/", input=input, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(argv)} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout
