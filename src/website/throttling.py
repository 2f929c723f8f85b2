"""Limits on how often one sender may do something: counted in the database, so that all processes count together.

Whoever counts holds the sender's lock until it is written down: parallel requests take turns, and none slips through.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.db import connection, models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from website.models import Attempt

__all__ = [
    "BOOKING",
    "LOGIN",
    "Limit",
    "Middleware",
    "RESET",
    "TooOften",
    "UPSTREAM",
    "count",
    "digest",
    "forget",
    "lock",
    "sender",
    "wait",
]


@dataclass(frozen=True)
class Limit:
    """At most *most* attempts of the kind *scope* within *period*."""

    scope: str
    most: int
    period: timedelta


LOGIN = Limit("login", 10, timedelta(minutes=1))
"""Attempts to log in from one address: at the site's door, the admin's and the API's together."""
BOOKING = Limit("booking", 10, timedelta(hours=1))
"""Bookings from one address, and for one e-mail address."""
RESET = Limit("reset", 5, timedelta(hours=1))
"""Mails to set a new password, from one address and to one e-mail address."""
UPSTREAM = Limit("upstream", 30, timedelta(minutes=1))
"""Questions to the weather service on behalf of one user."""
FORGOTTEN = max(limit.period for limit in (LOGIN, BOOKING, RESET, UPSTREAM))


class TooOften(Exception):
    """The limit is reached: answered with 429. *wait* is how many seconds the sender has to wait."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"to be tried again in {wait:.0f} seconds")
        self.wait = wait


def sender(request: Any) -> str:
    """A digest of the address that *request* comes from. Only this site can make it: the address itself is not kept.

    Behind the declared proxies (NUM_PROXIES) the address is the one that they saw. An IPv6 address counts by its first
    64 bits: the rest is the sender's own choice.
    """
    # Imported by those who count, not by every process of the site.
    from rest_framework.throttling import BaseThrottle

    address = BaseThrottle().get_ident(request) or ""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return digest(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        address = str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return digest(address)


def digest(text: str) -> str:
    """*text* as it is stored: recognised again, but not readable."""
    return salted_hmac("website.throttling", text, algorithm="sha256").hexdigest()


def count(limit: Limit, *senders: str) -> None:
    """Count one attempt for each of *senders* (digests). Raises TooOften, and counts nothing, where one has no room."""
    with transaction.atomic():
        lock(*(f"{limit.scope}:{one}" for one in senders))
        now = timezone.now()
        for one in senders:
            waiting = wait(Attempt.objects.filter(scope=limit.scope, sender=one), limit, now)
            if waiting:
                raise TooOften(waiting)
        Attempt.objects.bulk_create(Attempt(scope=limit.scope, sender=one, created_at=now) for one in senders)


def wait(attempts: models.QuerySet[Any], limit: Limit, now: datetime) -> float:
    """Seconds until *attempts* (rows with ``created_at``) leave room for one more; 0 where they do now."""
    since = now - limit.period
    if limit.most < 1:
        return limit.period.total_seconds()
    recent = attempts.filter(created_at__gt=since).order_by("-created_at").values_list("created_at", flat=True)
    # Once the oldest of the last *most* attempts is older than the period, there is room.
    last = recent[limit.most - 1 : limit.most].first()
    return (last - since).total_seconds() if last else 0.0


def lock(*names: str) -> None:
    """Hold each of *names* until the current transaction ends; others who want one of them wait."""
    # SQLite, which settings.local falls back to, locks the whole database when a transaction begins.
    if connection.vendor != "postgresql":
        return
    # In one order for everybody: two that want the same names never wait for each other.
    numbers = sorted(int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True) for name in names)
    with connection.cursor() as cursor:
        for number in numbers:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def forget() -> int:
    """Delete the attempts that no limit counts any more, and return how many there were."""
    deleted, _by_model = Attempt.objects.filter(created_at__lt=timezone.now() - FORGOTTEN).delete()
    return deleted


class Login:
    """An authentication backend that knows nobody: it counts the attempts to log in, before the others look.

    Every door leads through Django's ``authenticate()``, and so through this backend.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Raises TooOften. Without a request (a command, a test) nothing is counted."""
        if request is not None:
            count(LOGIN, sender(request))


class Middleware:
    """Answers TooOften, wherever a page raises it, with the page 429. (The APIs' own handler answers for them.)"""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TooOften):
            return None
        seconds = math.ceil(exception.wait)
        answer = render(request, "website/errors/429.html", {"minutes": math.ceil(seconds / 60)}, status=429)
        answer["Retry-After"] = str(seconds)
        return answer
