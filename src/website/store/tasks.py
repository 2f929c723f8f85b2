"""The shop's work in the background."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from website.background import enqueue
from website.celery import app
from website.store.models import Booking

if TYPE_CHECKING:
    from celery import Task

__all__ = ["confirm_booking", "confirm_forgotten_bookings"]

logger = logging.getLogger(__name__)

# A queue may lose a task (its server's disk, a purge); the database remembers that a mail was never sent. Between these
# ages of a booking it is sent after all: younger, a worker is on its way; older, it would only confuse.
FORGOTTEN = timedelta(minutes=5)
TOO_LATE = timedelta(days=1)


@app.task(bind=True, name="store.confirm_booking", max_retries=8)
def confirm_booking(self: Task[Any, Any], pk: int, language: str = settings.LANGUAGE_CODE) -> None:
    """Write to the person who made the booking *pk*, in their *language*: once, also when the task comes twice.

    A mail server that does not take it is asked again, later and later (by a worker: here and now there is no later).
    """
    try:
        with transaction.atomic():
            # Another worker that is at it holds the row. A booking that has been cancelled is not there.
            waiting = Booking.objects.select_for_update(skip_locked=True, of=("self",))
            booking = waiting.select_related("album", "contact").filter(pk=pk, confirmed_at=None).first()
            if booking is None:
                return
            booking.confirmed_at = timezone.now()
            booking.save(update_fields=["confirmed_at"])
            # Last: where it fails, the booking is as it was.
            with translation.override(language):
                send_mail(
                    subject=_("Votre réservation : %(album)s") % {"album": booking.album},
                    message=render_to_string("store/mail/booking.txt", {"booking": booking}),
                    from_email=None,
                    recipient_list=[booking.contact.email],
                )
    except OSError as error:  # smtplib's errors are some
        if self.request.is_eager:
            logger.error("The mail for booking %s was not sent: %s", pk, error)
            return
        raise self.retry(exc=error, countdown=min(2**self.request.retries * 5, 600)) from error
    logger.info("Booking %s confirmed by mail", pk)


@app.task(name="store.confirm_forgotten_bookings")
def confirm_forgotten_bookings() -> int:
    """Ask again for the mails that were never sent; return for how many. Beat calls it (CELERY_BEAT_SCHEDULE)."""
    now = timezone.now()
    forgotten = Booking.objects.filter(confirmed_at=None, created_at__range=(now - TOO_LATE, now - FORGOTTEN))
    for pk in (found := list(forgotten.values_list("pk", flat=True))):
        enqueue(confirm_booking.name, pk)
    return len(found)
