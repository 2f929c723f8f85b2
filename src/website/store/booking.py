"""Booking an album: one transaction, and an album is booked once, also by two people at the same instant."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete
from django.utils.translation import get_language

from website.background import enqueue
from website.store.models import Album, Booking, Contact

__all__ = ["AlreadyBooked", "book", "cancel", "free_albums_with_bookings", "keep"]


class AlreadyBooked(Exception):
    """The album was booked by another person meanwhile."""


def book(album: Album, *, name: str, email: str) -> Booking:
    """Put *album* aside for the person with this *email*, known under *name* if they were not known before.

    A mail confirms it, in the language of the moment, once the booking is committed. Raises AlreadyBooked where the
    album is not, or no longer, available; nothing is changed then.
    """
    with transaction.atomic():
        # Whoever comes second waits here for the first, and then sees what the first did.
        locked = Album.objects.select_for_update().get(pk=album.pk)
        if not locked.available:
            raise AlreadyBooked
        if Booking.objects.filter(album=locked).exists():
            raise AlreadyBooked
        contact, _created = Contact.objects.get_or_create(email=email.lower(), defaults={"name": name})
        booking = Booking.objects.create(album=locked, contact=contact)
        locked.available = False
        locked.save(update_fields=["available"])
        enqueue("store.confirm_booking", booking.pk, get_language() or settings.LANGUAGE_CODE)
    return booking


def cancel(booking: Booking) -> None:
    """Take the booking back: its album is for everyone again."""
    booking.delete()


def keep(booking: Booking) -> None:
    """Save *booking*, which staff made or changed by hand. Its album is put aside, one that it had before is not."""
    with transaction.atomic():
        before = Booking.objects.filter(pk__in=[booking.pk]).values_list("album_id", flat=True).first()
        booking.save()
        if before != booking.album_id:
            if before is not None:
                Album.objects.filter(pk=before).update(available=True)
            Album.objects.filter(pk=booking.album_id).update(available=False)


def free_albums_with_bookings() -> None:
    """From now on an album is for everyone again once its booking is deleted, also by hand or with its contact."""

    def free(sender: type[Booking], instance: Booking, **kwargs: Any) -> None:
        Album.objects.filter(pk=instance.album_id).update(available=True)

    post_delete.connect(free, sender=Booking, weak=False, dispatch_uid="website.store.booking")
