"""The account that PostgreSQL runs as: nobody, if we are root, because PostgreSQL refuses root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from ecluse.errors import ServiceError

__all__ = ["Account", "enterable", "for_lease", "for_server", "refusal"]

# What root needs to run a server as another user, as bits of its effective set: man 7 capabilities.
_CAPABILITIES = {"CHOWN": 0, "DAC_OVERRIDE": 1, "KILL": 5, "SETGID": 6, "SETUID": 7}


@dataclass(frozen=True)
class Account:
    """A user of this machine. *switch* says whether it is another than the one we are."""

    name: str
    uid: int
    gid: int
    switch: bool

    @property
    def user(self) -> int | None:
        """The *user* for :func:`ecluse.machine.process.spawn`."""
        return self.uid if self.switch else None

    @property
    def group(self) -> int | None:
        """The *group* for :func:`ecluse.machine.process.spawn`."""
        return self.gid if self.switch else None

    def own(self, path: Path) -> None:
        """Make *path* belong to the account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)


def for_server() -> Account:
    """Ourselves, or nobody where we are root."""
    if os.geteuid() != 0:
        try:
            name = pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:  # a container started with a bare number as its user
            name = str(os.geteuid())
        return Account(name, os.geteuid(), os.getegid(), switch=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise ServiceError("PostgreSQL refuses to run as root, and this machine has no user named nobody") from None
    return Account("nobody", nobody.pw_uid, nobody.pw_gid, switch=True)


def for_lease() -> Account:
    """The owner of a server's folder: the server's account, or ourselves if no server can be run."""
    if refusal() is None:
        return for_server()
    return Account(str(os.geteuid()), os.geteuid(), os.getegid(), switch=False)


def refusal() -> str | None:
    """Why PostgreSQL cannot be run by the user of this process, and what to do; None where it can."""
    uid = os.geteuid()
    if uid != 0:
        return None if _has_name(uid) else f"the user id {uid} has no name: add it to /etc/passwd, or use nss_wrapper"
    try:
        pwd.getpwnam("nobody")
    except KeyError:
        return "it does not run as root, and this machine has no user named nobody: run as an ordinary user"
    missing = [name for name, bit in _CAPABILITIES.items() if not _effective() >> bit & 1]
    if missing:
        lacking = ", ".join(f"CAP_{name}" for name in missing)
        return (
            f"it does not run as root, and this root cannot become another user (no {lacking}): run as an ordinary user"
        )
    return None


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:  # a container started with a bare number as its user
        return False
    return True


def _effective() -> int:
    """The capabilities of this process; all of them where the system has no such thing."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return -1
    return next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), -1)


def enterable(path: Path) -> Path | None:
    """The first folder on the way to *path* (itself included) that other users may not enter; None where all may be."""
    path = path.absolute()
    for folder in (*reversed(path.parents), path):
        if folder.is_dir() and not folder.stat().st_mode & 0o001:
            return folder
    return None
