"""Work in the background: the Celery application, and the signs of life of the worker and of beat.

    celery --app website worker
    celery --app website beat

Which broker, and what runs when, is in settings/base.py. Without a broker tasks run in the process that asks for them.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps
from celery.beat import Scheduler as InMemoryScheduler

__all__ = ["ALIVE", "Alive", "Scheduler", "app"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.production")

ALIVE = Path(tempfile.gettempdir(), "alive")
"""Written to every few seconds for as long as a worker, or beat, gets around to its work: what a health check looks at.

Asking a worker (`celery inspect ping`) costs a second of processor each time, and fails when the broker is away.
"""

# Seconds between two signs of life.
INTERVAL = 10.0


class Alive(bootsteps.StartStopStep):
    """The worker's sign of life, given by its own event loop: one that hangs gives none."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        self.timer: Any = None

    def start(self, parent: Any) -> None:
        ALIVE.touch()
        self.timer = parent.timer.call_repeatedly(INTERVAL, ALIVE.touch, priority=10)

    def stop(self, parent: Any) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None


class Scheduler(InMemoryScheduler):
    """Beat's, with a sign of life, and without a file: the schedule is in the settings, and no interval is long."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        ALIVE.touch()
        return super().tick(*args, **kwargs)


app = Celery("website")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(Alive)
