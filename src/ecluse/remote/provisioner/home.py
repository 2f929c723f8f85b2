"""The home of the site's account: nginx reads static files and uploads in it."""

from __future__ import annotations

import grp
import pwd
from pathlib import Path

from ecluse.remote.provisioner.debian import exists, run
from ecluse.remote.provisioner.item import Item

__all__ = ["readable"]

READER = "www-data"
"""The account of nginx."""


def readable(user: str) -> Item:
    """nginx is in the group of *user*, whose home that group may pass through and not list."""

    def missing() -> list[list[str]]:
        entry = pwd.getpwnam(user)
        group, mode = grp.getgrgid(entry.pw_gid), Path(entry.pw_dir).stat().st_mode
        member = [] if READER in group.gr_mem else [["usermod", "--append", "--groups", group.gr_name, READER]]
        return [*member, *([] if mode & 0o010 else [["chmod", "g+x", entry.pw_dir]])]

    def change() -> str:
        if not exists(user):
            return f"+{READER} reads files of {user}\n"
        return "".join(f"+{' '.join(argv)}\n" for argv in missing())

    def apply() -> None:
        for argv in missing():
            run(argv)

    return Item("files for nginx", change, apply)
