"""How often one may upload: counted where it is remembered, the same in every process, also after a restart."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from website.uploads.models import UploadRequest

__all__ = ["UploadThrottle"]

HOUR = timedelta(hours=1)


class UploadThrottle(BaseThrottle):
    """So many an hour (UPLOADS_PER_HOUR) for one user, and for one address, those that are refused later among them.

    Leaves the UploadRequest that it has counted on the view, as ``asked``.
    """

    _wait: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        if request.method != "POST":
            return True
        # Only this site can make the digest: the address itself is nobody's business.
        ident = self.get_ident(request) or ""
        address = salted_hmac("website.uploads", ident, algorithm="sha256").hexdigest()
        sender = f"user:{request.user.pk}" if request.user.is_authenticated else f"address:{address}"
        since = timezone.now() - HOUR
        limit = settings.UPLOADS_PER_HOUR
        if limit < 1:
            self._wait = HOUR.total_seconds()
            return False
        for who in (Q(sender=sender), Q(address=address)):
            recent = UploadRequest.objects.filter(who, created_at__gt=since).order_by("-created_at")
            # The last one that there is room for, where there have been so many.
            last = recent.values_list("created_at", flat=True)[limit - 1 : limit].first()
            if last is not None:
                # Once it is an hour old, there is room for one.
                self._wait = (last - since).total_seconds()
                return False
        view.asked = UploadRequest.objects.create(sender=sender, address=address)  # type: ignore[attr-defined]
        return True

    def wait(self) -> float | None:
        """Seconds until the next one is taken."""
        return self._wait
