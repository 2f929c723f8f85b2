"""The backups of an environment, as pipeline.py defines them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["SECONDS", "VARIABLES", "Backup", "Every", "problems"]

Every: TypeAlias = Literal["", "hour", "6 hours", "day", "week"]

SECONDS: dict[Every, int] = {"": 0, "hour": 3600, "6 hours": 6 * 3600, "day": 86400, "week": 7 * 86400}
"""The seconds between two backups."""

VARIABLES = ("RESTIC_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""The variables of restic that are kept with the environment, for its backups alone."""

_ADDRESS = re.compile(r"/.|(?:sftp|s3|rest|b2|azure|gs|swift|rclone):.")


@dataclass(frozen=True, kw_only=True)
class Backup:
    """The backups of an environment's data, by restic, in *repository*: a folder, or an address as restic writes it
    (``sftp:user@host:/folder``, ``s3:https://host/bucket``), without a password.

    *every* ``hour``, ``6 hours``, ``day`` or ``week`` a timer of the server saves them, and proves the newest once a
    week; ``ecluse provision`` puts it there. Without, they are saved when somebody says so.

    Of the days, weeks and months that have a backup, the last *keep_daily*, *keep_weekly* and *keep_monthly* keep one.
    """

    repository: str
    every: Every = ""
    keep_daily: int = 7
    keep_weekly: int = 5
    keep_monthly: int = 12


def problems(backup: Backup) -> Iterator[tuple[str, str]]:
    """The problems of *backup*: a field, and a sentence, for each."""
    if not _ADDRESS.match(backup.repository):
        what = "is neither an absolute path nor an address of restic, as sftp:user@host:/folder"
        yield "backup.repository", f"{backup.repository!r} {what}"
    if re.search(r"//[^/@]*:[^/@]*@", backup.repository):
        yield "backup.repository", "has a password: it belongs to the variables of the command"
    counts = {name: getattr(backup, name) for name in ("keep_daily", "keep_weekly", "keep_monthly")}
    for name, count in counts.items():
        if count < 0:
            yield f"backup.{name}", "is 0 or more"
    if not any(counts.values()):
        yield "backup", "would keep the newest backup alone: keep some days, weeks or months"
