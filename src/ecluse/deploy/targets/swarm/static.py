"""The static files of a release on the volume that the front server serves. Runs in the release's image: hence one
file.

    python static.py add ID SOURCE FOLDER             what FOLDER lacks of SOURCE; nothing is overwritten
    python static.py serve ID SOURCE FOLDER ID…       those that are the same file in every release become this one's,
                                                      pages last; what belongs to none of the releases ID… is deleted
    python static.py close|open ID SOURCE FOLDER      visitors get the maintenance page from now on; or the site again
    python static.py share ID SOURCE FOLDER SHARE NAME    the service NAME gets this share of visitors, of 1; 0: none

A name with a hash in it means one content for ever, and the pages of the release before go on finding theirs. Of the
others there is one, which changes with the release that serves.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path

__all__ = ["main"]

LISTS = ".releases"
"""The folder with a list of the files of each release: the front serves nothing of it."""

CLOSED = ".maintenance"
"""While there is such a file, the front server gives visitors its maintenance page."""

SHARES = ".canary"
"""The folder with a file for each 256th of the visitors that the canary gets, named by the end of the ids that the
front server gives to their requests: 00, 01 …
"""

_KNOWN_SECONDS = 10.0
"""Seconds until a machine has to know the name of a service that runs elsewhere."""


def main(arguments: list[str]) -> int:
    """Do what the command line says. Returns the exit code."""
    command, release, source, folder, *kept = arguments
    if command == "add":
        add(release, Path(source), Path(folder))
    elif command == "close":
        (Path(folder) / CLOSED).touch()
    elif command == "open":
        (Path(folder) / CLOSED).unlink(missing_ok=True)
    elif command == "share":
        share(Path(folder), *kept)
    else:
        serve(release, Path(source), Path(folder), {release, *kept})
    return 0


def share(folder: Path, size: str = "0", name: str = "") -> None:
    """Give the service *name* the share *size* of the visitors, of 1, or less where this machine does not know it."""
    shutil.rmtree(folder / SHARES, ignore_errors=True)
    count = min(256, max(1, round(float(size) * 256))) if float(size) else 0
    if count and not _known(name):
        print(f"{name} is not known here: it gets no visitors")
        return
    for number in range(count):
        (folder / SHARES).mkdir(exist_ok=True)
        (folder / SHARES / f"{number:02x}").touch()


def _known(name: str) -> bool:
    began = time.monotonic()
    while time.monotonic() - began < _KNOWN_SECONDS:
        try:
            socket.getaddrinfo(name, None)
            return True
        except OSError:
            time.sleep(0.2)
    return False


def add(release: str, source: Path, folder: Path) -> None:
    """Copy the static files of *release* that *folder* lacks. No canary outlives the rollout that it was of."""
    share(folder)
    names = _files(source)
    (folder / LISTS).mkdir(exist_ok=True)
    # First: what was copied before an interruption belongs to somebody, and can be deleted.
    _write(folder / LISTS / release, "\n".join(names))
    for name in names:
        if not (folder / name).exists():
            _copy(source / name, folder / name)


def serve(release: str, source: Path, folder: Path, keep: set[str]) -> None:
    """Make the files in *folder* the ones of *release*, and delete files that no release in *keep* has."""
    add(release, source, folder)
    # A page names the others: it changes when they are there.
    for name in sorted(_files(source), key=lambda name: (name.endswith((".html", ".html.gz")), name)):
        if not _same(source / name, folder / name):
            _copy(source / name, folder / name)
    lists = {path.name: path for path in (folder / LISTS).iterdir()}
    used = {name for one in keep & set(lists) for name in lists[one].read_text(encoding="utf-8").splitlines()}
    for gone in set(lists) - keep:
        for name in lists[gone].read_text(encoding="utf-8").splitlines():
            if name not in used:
                (folder / name).unlink(missing_ok=True)
        lists[gone].unlink()


def _files(source: Path) -> list[str]:
    return sorted(_below(source, source))


def _below(folder: Path, top: Path) -> Iterable[str]:
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != LISTS]
        for name in files:
            yield str(Path(where, name).relative_to(top))


def _same(one: Path, other: Path) -> bool:
    # The size and the time: an image whose times are made of the content needs no reading.
    a, b = one.stat(), other.stat()
    return (a.st_size, int(a.st_mtime)) == (b.st_size, int(b.st_mtime))


def _copy(source: Path, target: Path) -> None:
    """Copy a file so that a reader finds it whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.new")
    shutil.copy2(source, scratch)
    scratch.replace(target)


def _write(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}.new")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
