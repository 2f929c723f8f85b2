"""The sign of life of the workers, and the cleaning up after limits."""

from __future__ import annotations

from website import throttling
from website.celery import app
from website.models import Heartbeat

__all__ = ["forget_attempts", "heartbeat"]


@app.task(name="website.heartbeat", ignore_result=True)
def heartbeat(queue: str) -> None:
    """Note that a worker takes from *queue*. Beat asks for it every minute, in each of them."""
    Heartbeat.objects.update_or_create(queue=queue)


@app.task(name="website.forget_attempts")
def forget_attempts() -> int:
    """Delete the attempts that no limit counts any more, and return how many there were. Beat calls it."""
    return throttling.forget()
