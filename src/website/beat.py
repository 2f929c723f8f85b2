"""Beat: what runs when is in the database, where the admin changes it; and exactly one beat does it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from celery.schedules import crontab
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from website.celery import ALIVE
from website.tasks import heartbeat

__all__ = ["Scheduler", "Turn"]

logger = logging.getLogger(__name__)

# Any number that nobody else uses for an advisory lock: "beat" in ASCII.
LOCK = 0x62656174
# Seconds between two attempts of a beat that waits for its turn.
PAUSE = 5.0


class Turn:
    """The right to be the beat: a lock of PostgreSQL, which ends with the connection of who holds it.

    Two that are started (a rollout that overlaps, a slip of the hand) send nothing twice: the second waits, and goes
    on where the first has stopped. SQLite serves one machine, where nobody starts two.
    """

    def __init__(self, alias: str = "default") -> None:
        # A connection of its own: Django closes the others when it likes.
        self._connection: BaseDatabaseWrapper = connections[alias].copy()
        self._held = False

    def mine(self) -> bool:
        """Whether this process has the lock; it is taken if it is free. False if the database does not answer."""
        if self._connection.vendor != "postgresql":
            return True
        try:
            with self._connection.cursor() as cursor:
                if self._held:
                    cursor.execute("SELECT 1")
                else:
                    cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
                    self._held = bool(cursor.fetchone()[0])
        except DatabaseError as error:
            logger.warning("Beat waits for the database: %s", error)
            self.close()
        return self._held

    def close(self) -> None:
        """Give it back."""
        self._held = False
        self._connection.close()


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # it has no types
    """Sends due tasks, and gives a sign of life. CELERY_BEAT_SCHEDULE is only the initial schedule."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._turn, self._begun = Turn(), False
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Do nothing yet: it may be another process's turn."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        ALIVE.touch()
        if not self._turn.mine():
            self._begun = False
            return PAUSE
        if not self._begun:
            self._begin()
        seconds: float = super().tick(*args, **kwargs)
        return seconds

    def close(self) -> None:
        super().close()
        self._turn.close()

    def _begin(self) -> None:
        """Read the schedule that the previous beat left, and add missing entries."""
        logger.info("This beat sends what is due from now on")
        known = set(PeriodicTask.objects.values_list("name", flat=True))
        for name, entry in self.app.conf.beat_schedule.items():
            if name not in known:
                self.Entry.from_entry(name, app=self.app, **{**entry, "schedule": _schedule(entry["schedule"])})
        # From before the schedule is read: left to itself, it compares with what it finds after that, and a change in
        # between is not seen for five minutes.
        self._last_timestamp = self.Changes.last_change() or datetime.min.replace(tzinfo=UTC)
        self._initial_read, self._heap, self._begun = True, None, True
        # Not in a minute: /healthcheck/ need not call workers silent that nobody has asked yet.
        for entry in self.schedule.values():
            if entry.task == heartbeat.name:
                self.apply_entry(entry)


def _schedule(when: str | float) -> crontab | float:
    """Settings say it as text: Celery's own classes would have to be imported by every process that reads them."""
    return crontab.from_string(when) if isinstance(when, str) else when
