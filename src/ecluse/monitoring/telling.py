"""Receivers and quiet hours: the mistakes in those that pipeline.py has, and the secrets that they need."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from ecluse.definition.monitoring import Monitoring, QuietHours, Receiver

__all__ = ["problems", "secret_names"]

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_MAIL = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")
_SERVER = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_ZONE = re.compile(r"([A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*)?")
# The part of an address that nobody could guess, as the services make it for each customer.
_TOKEN = re.compile(r"(?=.*[0-9])[A-Za-z0-9_-]{16,}")


def secret_names(monitoring: Monitoring) -> tuple[str, ...]:
    """The names of the variables that hold the secrets of *monitoring*."""
    named = (name for one in monitoring.receivers for name in (one.webhook_secret, one.slack_secret))
    others = (monitoring.mail_secret, monitoring.heartbeat_secret)
    return tuple(dict.fromkeys(name for name in (*named, *others) if name))


def problems(monitoring: Monitoring) -> Iterator[tuple[str, str]]:
    """The mistakes in *monitoring* but for its policies: a field's name, and a sentence, for each."""
    for index, receiver in enumerate(monitoring.receivers):
        yield from ((f"receivers[{index}]{field}", what) for field, what in _receiver(receiver))
    for name, times in Counter(one.name for one in monitoring.receivers).items():
        if times > 1:
            yield "receivers", f"{times} receivers have the name {name!r}"
    yield from _mail(monitoring)
    for name in secret_names(monitoring):
        if not _VARIABLE.fullmatch(name):
            yield "receivers", "a field _secret has the name of an environment variable, never the secret itself"
    for index, hours in enumerate(monitoring.quiet_hours):
        yield from ((f"quiet_hours[{index}]", what) for what in _hours(hours))


def _receiver(receiver: Receiver) -> Iterator[tuple[str, str]]:
    if not _NAME.fullmatch(receiver.name):
        yield "", f"{receiver.name!r} is not a name: small letters, digits and -"
    if not (receiver.mail or receiver.webhook or receiver.webhook_secret or receiver.slack_secret):
        yield "", f"the receiver {receiver.name!r} has no address: mail, webhook, webhook_secret or slack_secret"
    if receiver.mail and not _MAIL.fullmatch(receiver.mail):
        yield ".mail", f"{receiver.mail!r} is not a mail address"
    if receiver.webhook:
        yield from ((".webhook", what) for what in _address(receiver.webhook))


def _address(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        yield "is not the address of a page: https://…"
    elif parts.username or parts.query or any(_TOKEN.fullmatch(part) for part in parts.path.split("/")):
        # The address itself is not repeated.
        yield "seems to have a secret in it: put the address into a variable, and name that in webhook_secret"


def _mail(monitoring: Monitoring) -> Iterator[tuple[str, str]]:
    if any(one.mail for one in monitoring.receivers) and not (monitoring.mail_server and monitoring.mail_from):
        yield "mail_server", "a receiver is told by mail: that needs mail_server and mail_from"
    if monitoring.mail_server and not _SERVER.fullmatch(monitoring.mail_server):
        yield "mail_server", f"{monitoring.mail_server!r} is not a server and its port: smtp.shop.example:587"
    if monitoring.mail_from and not _MAIL.fullmatch(monitoring.mail_from):
        yield "mail_from", f"{monitoring.mail_from!r} is not a mail address"
    if bool(monitoring.mail_user) != bool(monitoring.mail_secret):
        yield "mail_user", "an account of the mail server has mail_user and mail_secret"


def _hours(hours: QuietHours) -> Iterator[str]:
    for time in (hours.begin, hours.end):
        if not _TIME.fullmatch(time):
            yield f"{time!r} is not a time of the day: 22:00"
    if hours.begin == hours.end:
        yield "begins when it ends"
    if not hours.days:
        yield "has no day"
    if not _ZONE.fullmatch(hours.time_zone):
        yield f"{hours.time_zone!r} is not the name of a time zone, as Europe/Paris"
