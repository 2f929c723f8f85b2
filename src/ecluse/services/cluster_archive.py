"""A cluster's data directory as one file.

A plain tar: unpacking it to memory takes 60 ms where its zstd takes 100, and caches of CI compress by themselves.
See docs/decisions/0009-tests-start-from-a-migrated-cluster.md for the figures.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from ecluse.errors import CommandError
from ecluse.machine import process
from ecluse.services.account import Account

__all__ = ["pack", "unpack"]


def pack(data: Path, archive: Path) -> None:
    """Write *data*, the folder of a server that is not running, to *archive*: whole, or not at all."""
    archive.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, scratch = tempfile.mkstemp(prefix=f"{archive.name}.", dir=archive.parent)
    os.close(descriptor)
    try:
        process.run(("tar", "-C", str(data), "-cf", scratch, "."))
        os.replace(scratch, archive)
    except BaseException:
        os.unlink(scratch)
        raise


def unpack(archive: Path, data: Path, owner: Account) -> None:
    """Write what *archive* holds to the new folder *data*, as *owner*.

    Raises FileNotFoundError where there is no such archive, CommandError where it cannot be unpacked.
    """
    # Read through an open file: the owner may not be allowed to the archive's folder, and it may be pruned meanwhile.
    with open(archive, "rb") as source:
        data.mkdir(mode=0o700)
        owner.own(data)
        argv = ("tar", "-C", str(data), "-xf", "-")
        running = process.spawn(
            argv,
            cwd=Path("/"),
            stdin=source,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=owner.user,
            group=owner.group,
        )
        if running.wait() != 0:
            raise CommandError(f"{archive} could not be unpacked to {data}", hint=f"remove it: rm {archive}")
