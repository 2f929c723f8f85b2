"""Work that is sent while a rollout goes on, and how many there are meanwhile of what must be alone."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable

from celery import Celery

__all__ = ["Census", "send_during"]


class Census:
    """Asks *count*, again after *pause* seconds, for as long as the context lasts. *most* is the most it was told."""

    def __init__(self, count: Callable[[], int], pause: float) -> None:
        self.most, self._count, self._pause, self._ending = 0, count, pause, threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Census:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ending.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._ending.wait(self._pause):
            self.most = max(self.most, self._count())


def send_during(rollout: subprocess.Popen[bytes], broker: str, number: int, pause: float) -> None:
    """Send *number* tasks of the shop, one each *pause* seconds, and return when *rollout* has ended too."""
    sender = Celery("sender", broker=broker)
    sent = 0
    while sent < number or rollout.poll() is None:
        if sent < number:
            sender.send_task("shop.effect", [f"task {sent}"])
            sent += 1
        time.sleep(pause)
