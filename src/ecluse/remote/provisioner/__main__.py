"""The program that provisions a server: it runs there as root, on behalf of ``ecluse provision``.

Its argument is ``plan``, ``apply``, ``keep`` or ``revert``; its order is a file beside it. Each item says what
would change, as a difference of texts; applied, it says that nothing would. Where the order
says ``remove``, the items are those that are taken away.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

from ecluse.remote.provisioner.debian import check, say
from ecluse.remote.provisioner.guard import guard, is_guarded, keep, revert
from ecluse.remote.provisioner.item import Item
from ecluse.remote.provisioner.items import items
from ecluse.remote.provisioner.removals import removals

__all__: list[str] = []


def main(mode: str, order: dict[str, Any]) -> None:
    check()
    if mode in ("keep", "revert"):
        {"keep": keep, "revert": revert}[mode]()
        return
    if mode == "apply":
        alone()
    parts = list(removals(order) if order["remove"] else items(order))
    found = [(item, item.change()) for item in parts]
    changes, failed = apply(found) if mode == "apply" else ({item.name: change for item, change in found if change}, {})
    notes = [note for item in parts if (note := item.note())]
    guarded = mode == "apply" and is_guarded()
    print(json.dumps({"changes": changes, "notes": notes, "guarded": guarded, "failed": failed}))


def apply(found: list[tuple[Item, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """Make the changes that were *found*. Returns them, by item, and why late ones failed."""
    changes: dict[str, str] = {}
    failed: dict[str, str] = {}
    for item, change in found:
        if item.guarded:
            change = item.change()  # the timer of a run that was killed may have taken it back since
            if change or is_guarded():
                guard(Path(sys.argv[0]))
        if not change:
            continue
        say(item.name)
        changes[item.name] = change
        try:
            bring(item)
        except SystemExit as end:
            if not item.late:
                raise
            failed[item.name] = str(end)
    return changes, failed


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
    try:
        with zipfile.ZipFile(sys.argv[0]) as program:
            main(sys.argv[1], json.loads(program.read("order.json")))
    except OSError as error:  # a full disk
        sys.exit(": ".join(filter(None, (error.strerror, error.filename))))
