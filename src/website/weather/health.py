"""Whether there is fresh weather, for /healthcheck/: where there is a broker, and so a schedule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable

__all__ = ["Freshness", "checks"]

# Fetched every hour: a fetch, its retries, and one more.
OLD = timedelta(hours=3)


@dataclass
class Freshness(HealthCheck):  # type: ignore[misc]  # it has no types
    """The newest observation is not old. Where there are no places, there is nothing to be old."""

    def run(self) -> None:
        from website.weather.models import Observation, Place

        if not Place.objects.exists():
            return
        newest = Observation.objects.filter(sample=False, hour__gt=timezone.now() - timedelta(days=30)).aggregate(
            newest=Max("hour")
        )["newest"]
        if newest is None:
            raise ServiceUnavailable("no observation of the last 30 days")
        age = timezone.now() - newest
        if age > OLD:
            raise ServiceUnavailable(f"the newest observation is {age.total_seconds() / 3600:.0f} h old")


def checks() -> dict[str, HealthCheck]:
    """The weather, where it is fetched by a schedule."""
    return {"weather": Freshness()} if settings.CELERY_BROKER_URL else {}
