"""The interface of an upstream that knows the weather, and its errors. website.weather.openmeteo is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = [
    "Hour",
    "Match",
    "RateLimited",
    "Refused",
    "Rubbish",
    "Unreachable",
    "Upstream",
    "UpstreamError",
]


@dataclass(frozen=True, slots=True)
class Hour:
    """The weather of an hour: °C, %, mm, km/h, and WMO's code of the sky (table 4677)."""

    hour: datetime
    temperature: float
    humidity: int
    precipitation: float
    wind_speed: float
    weather_code: int


@dataclass(frozen=True, slots=True)
class Match:
    """A place that was found by its name. *id* is GeoNames'."""

    id: int
    name: str
    region: str
    country: str
    latitude: float
    longitude: float
    timezone: str


class Upstream(Protocol):
    """A source of weather, which threads may share. To ask it takes bounded time, and may raise an UpstreamError."""

    def weather(self, latitude: float, longitude: float, *, past_days: int, days: int) -> Sequence[Hour]:
        """The hours of *past_days* days before today and of *days* from today on (UTC's), in order of time."""

    def search(self, name: str, language: str) -> Sequence[Match]:
        """The places called *name*, the most likely first; none where there is none."""

    def close(self) -> None:
        """Close its connections."""


class UpstreamError(Exception):
    """No weather, for *reason*.

    *wait* are the seconds until another attempt makes sense, None where nothing is known; *excerpt* is the beginning of
    an answer that should be looked at.
    """

    # Workers hand it on from process to process: all that it is made of is in its arguments.
    def __init__(self, reason: str, wait: float | None = None, excerpt: str = "") -> None:
        super().__init__(reason, wait, excerpt)
        self.reason, self.wait, self.excerpt = reason, wait, excerpt

    def __str__(self) -> str:
        return self.reason


class Unreachable(UpstreamError):
    """The upstream does not answer, not in time, or says that it is broken."""


class RateLimited(UpstreamError):
    """The upstream was asked more often than it allows."""


class Refused(UpstreamError):
    """The upstream does not accept the question: to ask it again is of no use."""


class Rubbish(UpstreamError):
    """The upstream's answer differs from its documentation."""

    @classmethod
    def of(cls, reason: str, body: bytes) -> Rubbish:
        """The error about the answer *body*. (PostgreSQL stores no NUL.)"""
        return cls(reason, excerpt=body[:2000].decode(errors="replace").replace("\0", "\ufffd"))
