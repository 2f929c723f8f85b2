"""Keeps a container for commands that are run in it, and ends it a minute after the last one. Runs in the release's
image: hence one file.

Whoever made the container removes it. Somebody who was killed does not, and it ends by itself.
"""

from __future__ import annotations

import os
import time

__all__ = ["main"]

MINUTE = 60.0


def main() -> None:
    """Return once no other program has run here for a minute."""
    last = time.monotonic()
    while time.monotonic() - last < MINUTE:
        if others():
            last = time.monotonic()
        time.sleep(1)


def others() -> list[int]:
    """The processes of this container, without the first one, which may be an init, and this one."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid())]


if __name__ == "__main__":
    main()
