"""Work in the background: the Celery application, its queues, and the signs of life of the worker and of beat.

    celery --app website worker
    celery --app website beat

Which broker, and what runs when, is in settings/base.py. Without a broker tasks run in the process that asks for them.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps, signals
from django.db import close_old_connections
from kombu import Exchange, Queue

__all__ = ["ALIVE", "DEAD", "Alive", "app"]

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


DEAD = Queue("dead", Exchange("dead", type="fanout"))
"""The queue of rejected tasks: those that failed at every attempt. No worker takes from it; a person does."""

# One for each kind of work, so that none waits for another's. Which task goes where is in settings/base.py.
QUEUES = (
    Queue("celery", routing_key="celery"),
    Queue("weather", routing_key="weather", queue_arguments={"x-dead-letter-exchange": DEAD.exchange.name}),
    Queue("maintenance", routing_key="maintenance"),
)


class DeadLetters(bootsteps.StartStopStep):
    """Makes the queue of dead letters, which no worker takes from."""

    requires = ("celery.worker.consumer.connection:Connection",)

    def start(self, parent: Any) -> None:
        if parent.connection.transport.driver_type == "amqp":
            with parent.connection.channel() as channel:
                DEAD(channel).declare()


app = Celery("website")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.task_queues = QUEUES
app.steps["worker"].add(Alive)
app.steps["consumer"].add(DeadLetters)


@signals.task_prerun.connect
@signals.task_postrun.connect
def _keep_connections(task: Any, **kwargs: Any) -> None:
    # As Django does around a request: only what is old or broken is closed. Celery itself, unless it is told otherwise
    # (CELERY_DB_REUSE_MAX), closes all after each task; to make one takes longer than most tasks are in the database.
    if not task.request.is_eager:
        close_old_connections()
