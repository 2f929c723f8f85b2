"""Starts one process of the site. Copied into the target's folder; belongs to no release, and imports nothing of one.

Supervisor runs ``python starter.py SLOTS NUMBER`` with the listening socket as file descriptor 0. The slot's file says
which release to run and in which environment. The release's gunicorn gets the public socket as ``fd://0`` and a
private one of its own as ``fd://3``, and holds the slot's lock (descriptor 4) for as long as any process of it lives.

Slot 0 runs no release: it holds the socket open, so that clients wait instead of being refused while both processes
that serve are restarted after a crash.
"""

import fcntl
import json
import os
import socket
import sys

PRIVATE, LOCK = 3, 4


def main(slots: str, number: str) -> None:
    """Become the process that the slot's file describes."""
    slot = os.path.join(slots, number)
    # Clear of the descriptors that gunicorn is to find things at.
    lock = fcntl.fcntl(os.open(os.path.join(slot, "lock"), os.O_RDWR | os.O_CREAT, 0o600), fcntl.F_DUPFD, 10)
    # The process that was here before may not be wholly gone: killed, its workers take a moment to notice.
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    if number == "0":
        os.dup2(lock, LOCK)
        os.execvp("sleep", ["sleep", "2147483647"])
    with open(os.path.join(slot, "slot.json"), encoding="utf-8") as file:
        description = json.load(file)
    private = socket.socket()
    private.bind(("127.0.0.1", 0))
    private.listen(64)
    publish(os.path.join(slot, "address"), f"127.0.0.1:{private.getsockname()[1]}\n")
    listening = fcntl.fcntl(private.fileno(), fcntl.F_DUPFD, 10)
    os.dup2(listening, PRIVATE)
    os.dup2(lock, LOCK)
    os.chdir(description["folder"])
    os.execve(description["argv"][0], description["argv"], {**description["environment"], "ECLUSE_SLOT": slot})


def publish(path: str, content: str) -> None:
    """Write a file that appears whole."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(content)
    os.replace(path + ".new", path)


if __name__ == "__main__":
    main(*sys.argv[1:])
