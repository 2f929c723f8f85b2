"""Enquiries of visitors, and their limit for one sender."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from website import throttling
from website.motos.models import Enquiry, Motorcycle

if TYPE_CHECKING:
    from website.motos.serializers import EnquirySerializer

__all__ = ["LIMIT", "keep"]

LIMIT = throttling.Limit("enquiry", 5, timedelta(hours=1))
"""Enquiries from one address. The enquiries themselves are counted: one that is refused does not count."""


def keep(enquiry: EnquirySerializer, motorcycle: Motorcycle, sender: str) -> None:
    """Store *enquiry*, which is valid, about *motorcycle*. Raises TooOften where *sender* has sent as many as LIMIT."""
    with transaction.atomic():
        throttling.lock(f"{LIMIT.scope}:{sender}")
        wait = throttling.wait(Enquiry.objects.filter(sender=sender), LIMIT, timezone.now())
        if wait:
            raise throttling.TooOften(wait)
        enquiry.save(motorcycle=motorcycle, sender=sender)
