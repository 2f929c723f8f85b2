"""The bookings of a visitor: of this browser's session, and those under the address of who is logged in.

Only staff make accounts, so the address of an account is its owner's.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from website.store.models import Booking

__all__ = ["bookings", "remember"]

KEY = "bookings"
# A session is a row that is read with each page: it does not grow without end.
MOST = 50


def remember(request: HttpRequest, booking: Booking) -> None:
    """Make *booking* one of the visitor's."""
    request.session[KEY] = [*request.session.get(KEY, []), booking.pk][-MOST:]


def bookings(request: HttpRequest) -> QuerySet[Booking]:
    """The visitor's bookings with their albums, newest first."""
    mine = Q(pk__in=request.session.get(KEY, []))
    if request.user.is_authenticated and request.user.email:
        mine |= Q(contact__email__iexact=request.user.email)
    return Booking.objects.filter(mine).select_related("album").prefetch_related("album__artists")
