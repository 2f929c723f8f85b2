"""The sign of life of the workers."""

from __future__ import annotations

from website.celery import app
from website.models import Heartbeat

__all__ = ["heartbeat"]


@app.task(name="website.heartbeat", ignore_result=True)
def heartbeat(queue: str) -> None:
    """Note that a worker takes from *queue*. Beat asks for it every minute, in each of them."""
    Heartbeat.objects.update_or_create(queue=queue)
