"""Who PostgreSQL runs as: it refuses root, so where we are root it runs as nobody."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from ecluse.errors import ServiceError

__all__ = ["Account", "enterable", "for_server"]


@dataclass(frozen=True)
class Account:
    """A user of this machine. *switch* says whether it is another than the one we are."""

    name: str
    uid: int
    gid: int
    switch: bool

    @property
    def user(self) -> int | None:
        """What :func:`ecluse.machine.process.spawn` takes as *user*."""
        return self.uid if self.switch else None

    @property
    def group(self) -> int | None:
        """What :func:`ecluse.machine.process.spawn` takes as *group*."""
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


def enterable(path: Path) -> Path | None:
    """The first folder on the way to *path* (itself included) that other users may not enter; None where all may be."""
    path = path.absolute()
    for folder in (*reversed(path.parents), path):
        if folder.is_dir() and not folder.stat().st_mode & 0o001:
            return folder
    return None
