"""Whether work in the background gets done, for /healthcheck/. Without a broker there is nothing to ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable

__all__ = ["checks"]

# Beat asks every minute: of three in a row not one was heard.
SILENCE = timedelta(minutes=3)


@dataclass
class Broker(HealthCheck):  # type: ignore[misc]  # it has no types
    """The broker takes a connection."""

    def run(self) -> None:
        from website.celery import app

        try:
            with app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0)
        except Exception as error:  # each transport has its own
            raise ServiceUnavailable(f"the broker does not answer: {error}") from error


@dataclass
class Workers(HealthCheck):  # type: ignore[misc]  # it has no types
    """A worker takes from each queue, and beat fills them."""

    def run(self) -> None:
        from website.celery import QUEUES
        from website.models import Heartbeat

        since = timezone.now() - SILENCE
        heard = set(Heartbeat.objects.filter(beaten_at__gt=since).values_list("queue", flat=True))
        silent = [queue.name for queue in QUEUES if queue.name not in heard]
        if silent:
            raise ServiceUnavailable(f"no worker took from {', '.join(silent)} within {SILENCE}")


def checks() -> dict[str, HealthCheck]:
    """The broker and the workers, where there are any."""
    return {"broker": Broker(), "workers": Workers()} if settings.CELERY_BROKER_URL else {}
