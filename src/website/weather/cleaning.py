"""Deletion of old data: hours (their days stay), and answers in quarantine."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min

from website.weather.models import Observation, Quarantined

__all__ = ["clean"]

logger = logging.getLogger(__name__)

QUARANTINE = timedelta(days=30)
# In one go: a task ends within a minute, and the next night goes on.
MOST_DAYS = 31


def clean(now: datetime) -> int:
    """Delete the hours older than WEATHER_KEPT_DAYS, a day at a time, and old quarantine; return how many rows.

    By then the days have been summarised for a year: nothing is lost that a page shows.
    """
    limit = (now - timedelta(days=settings.WEATHER_KEPT_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    deleted = Quarantined.objects.filter(received_at__lt=now - QUARANTINE).delete()[0]
    for _number in range(MOST_DAYS):
        oldest = Observation.objects.filter(hour__lt=limit).aggregate(oldest=Min("hour"))["oldest"]
        if oldest is None:
            break
        end = min(oldest.replace(hour=0) + timedelta(days=1), limit)
        deleted += Observation.objects.filter(hour__gte=oldest, hour__lt=end).delete()[0]
    logger.info("Deleted %d old rows", deleted)
    return deleted
