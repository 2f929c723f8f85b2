"""Enquiries, of which nobody may send many."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Min
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from website.motos.models import Enquiry

__all__ = ["EnquiryThrottle", "MOST_PER_HOUR", "sender"]

MOST_PER_HOUR = 5
HOUR = timedelta(hours=1)


def sender(address: str) -> str:
    """A digest of the address *address* that only this site can make."""
    return salted_hmac("website.motos.enquiries", address, algorithm="sha256").hexdigest()


class EnquiryThrottle(BaseThrottle):
    """Five an hour from one address, counted where they are stored: the same in every process, also after a restart."""

    def __init__(self) -> None:
        self._wait: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        since = timezone.now() - HOUR
        recent = Enquiry.objects.filter(sender=sender(self.get_ident(request)), created_at__gt=since)
        if recent.count() < MOST_PER_HOUR:
            return True
        earliest = recent.aggregate(earliest=Min("created_at"))["earliest"]
        self._wait = (earliest - since).total_seconds() if earliest else None
        return False

    def wait(self) -> float | None:
        """Seconds until the next one is taken."""
        return self._wait
