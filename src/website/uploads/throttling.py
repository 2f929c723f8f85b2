"""How often one may upload: counted where uploads are remembered, for all processes together."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from website import throttling
from website.uploads.models import UploadRequest

__all__ = ["UploadThrottle"]

HOUR = timedelta(hours=1)


class UploadThrottle(BaseThrottle):
    """UPLOADS_PER_HOUR for one user and for one address. Uploads that are refused later count too.

    Leaves the UploadRequest that it has counted on the view, as ``asked``.
    """

    _wait: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        if request.method != "POST":
            return True
        limit = throttling.Limit("upload", settings.UPLOADS_PER_HOUR, HOUR)
        address = throttling.sender(request)
        sender = f"user:{request.user.pk}" if request.user.is_authenticated else f"address:{address}"
        with transaction.atomic():
            # Parallel requests take turns: each sees the requests that were counted before it.
            throttling.lock(f"upload:{sender}", f"upload:{address}")
            now = timezone.now()
            for recent in (UploadRequest.objects.filter(sender=sender), UploadRequest.objects.filter(address=address)):
                self._wait = throttling.wait(recent, limit, now)
                if self._wait:
                    return False
            view.asked = UploadRequest.objects.create(  # type: ignore[attr-defined]
                sender=sender, address=address, created_at=now
            )
        return True

    def wait(self) -> float | None:
        """Seconds until the next upload is taken."""
        return self._wait
