"""The program that provisions a server: it runs there as root, on behalf of ``ecluse provision``.

Its argument is ``plan``, ``apply``, ``keep`` or ``revert``; its order is a file beside it. Each item says what
would change, as a difference of texts; applied, it says that nothing would.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.debian import check
from ecluse.remote.provisioner.guard import guard, keep, revert
from ecluse.remote.provisioner.item import Item
from ecluse.remote.provisioner.items import items

__all__: list[str] = []


def main(mode: str, order: dict[str, Any]) -> None:
    check()
    if mode in ("keep", "revert"):
        {"keep": keep, "revert": revert}[mode]()
        return
    if mode == "apply":
        alone()
    parts = list(items(order))
    found = [(item, item.change()) for item in parts]
    changed = [(item, change) for item, change in found if change]
    failed: dict[str, str] = {}
    if mode == "apply":
        if any(item.guarded for item, _ in changed):
            guard(Path(sys.argv[0]))
        for item, _ in changed:
            with contextlib.suppress(OSError):  # nobody reads it any more: it is finished all the same
                print(json.dumps({"item": item.name}), flush=True)
            try:
                bring(item)
            except SystemExit as end:
                if not item.late:
                    raise
                failed[item.name] = str(end)
    guarded = mode == "apply" and any(item.guarded for item, _ in changed)
    notes = [note for item in parts if (note := item.note())]
    changes = {item.name: change for item, change in changed}
    print(json.dumps({"changes": changes, "notes": notes, "guarded": guarded, "failed": failed}))


def bring(item: Item) -> None:
    """Change the part. Exit where that does not bring it about."""
    item.apply()
    if left := item.change():
        sys.exit(f"{item.name} is not as it should be although it was changed:\n{left}")


def alone() -> None:
    """Exit if another provisioning is under way. The kernel releases the lock when this process ends."""
    lock = os.open("/run/ecluse-provision.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("another provision of this machine is under way")


if __name__ == "__main__":
    with zipfile.ZipFile(sys.argv[0]) as program:
        main(sys.argv[1], json.loads(program.read("order.json")))
