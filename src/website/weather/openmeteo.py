"""Open-Meteo, https://open-meteo.com/en/docs: forecasts, with the days before, and a search for places.

Its limits (600 calls a minute, 5 000 an hour, 10 000 a day without a key) are fixed windows of UTC. It says which one
is used up, not for how long.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx

from website.weather.answers import parse_matches, parse_weather
from website.weather.upstream import Hour, Match, RateLimited, Refused, Rubbish, Unreachable, UpstreamError

__all__ = ["OpenMeteo", "Patience"]

logger = logging.getLogger(__name__)

MOST_BYTES = 1_000_000
VARIABLES = ("temperature_2m", "relative_humidity_2m", "precipitation", "wind_speed_10m", "weather_code")


@dataclass(frozen=True)
class Patience:
    """Timeouts in seconds, and the number of retries. A worker waits longer than a visitor."""

    connect: float = 3
    # For a whole answer: a server that sends a byte now and then keeps nobody.
    answer: float = 10
    attempts: int = 3
    # Twice as long each time, and a random part of it: not everybody comes back at once.
    pause: float = 0.5


class OpenMeteo:
    """The API at the address *forecast*, and its geocoding at *geocoding*. Threads may share one."""

    def __init__(
        self,
        forecast: str,
        geocoding: str,
        *,
        key: str = "",
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        per_minute: int = 0,
    ) -> None:
        self._forecast, self._geocoding, self._key = forecast.rstrip("/"), geocoding.rstrip("/"), key
        self._patience, self._sleep = patience or Patience(), sleep
        self._pace = _Pace(60 / per_minute if per_minute else 0, sleep)
        timeout = httpx.Timeout(self._patience.answer, connect=self._patience.connect)
        self._client = httpx.Client(
            timeout=timeout, headers={"User-Agent": "ecluse-website", "Accept": "application/json"}
        )

    def weather(self, latitude: float, longitude: float, *, past_days: int, days: int) -> Sequence[Hour]:
        body = self._ask(
            f"{self._forecast}/v1/forecast",
            {
                "latitude": latitude,
                "longitude": longitude,
                "hourly": ",".join(VARIABLES),
                "past_days": past_days,
                "forecast_days": days,
                "timezone": "GMT",
                "timeformat": "unixtime",
            },
        )
        return parse_weather(body, VARIABLES)

    def search(self, name: str, language: str) -> Sequence[Match]:
        parameters: dict[str, str | int | float] = {"name": name, "count": 10, "language": language, "format": "json"}
        return parse_matches(self._ask(f"{self._geocoding}/v1/search", parameters))

    def close(self) -> None:
        self._client.close()

    def _ask(self, url: str, parameters: Mapping[str, str | int | float]) -> bytes:
        for attempt in range(self._patience.attempts):
            last = attempt + 1 == self._patience.attempts
            try:
                self._pace.wait()
                return self._once(url, parameters)
            except (Unreachable, RateLimited) as error:
                pause = self._patience.pause * 2**attempt * random.uniform(0.5, 1)
                # A limit of minutes is not sat out here: the task is asked for again.
                if last or (error.wait or 0) > self._patience.answer:
                    raise
                logger.info("Open-Meteo, attempt %d: %s", attempt + 1, error)
                self._sleep(max(pause, error.wait or 0))
        raise Unreachable("it was not asked")  # no attempts are allowed

    def _once(self, url: str, parameters: Mapping[str, str | int | float]) -> bytes:
        key = {"apikey": self._key} if self._key else {}
        deadline = time.monotonic() + self._patience.answer
        try:
            with self._client.stream("GET", url, params={**parameters, **key}) as response:
                body = b""
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise Rubbish.of(f"an answer of more than {MOST_BYTES} bytes", body)
                    if time.monotonic() > deadline:
                        raise self._late()
        except httpx.ReadTimeout:
            raise self._late() from None
        except httpx.HTTPError as error:
            # Its words may have the address in them, and so the key.
            raise Unreachable(f"no answer ({type(error).__name__})") from None
        if response.status_code == httpx.codes.OK:
            return body
        raise _refusal(response.status_code, response.headers.get("Retry-After", ""), body)

    def _late(self) -> Unreachable:
        return Unreachable(f"no whole answer within {self._patience.answer:g} s")


def _refusal(status: int, retry_after: str, body: bytes) -> UpstreamError:
    """The error that an answer other than 200 means: its body is ``{"error": true, "reason": "…"}``."""
    reason = f"status {status}"
    try:
        found: Any = json.loads(body)
        if isinstance(found, dict) and isinstance(found.get("reason"), str):
            reason = f"{reason}: {found['reason'][:200]}"
    except ValueError:
        pass
    if status == httpx.codes.TOO_MANY_REQUESTS:
        wait = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else _until_reset(reason)
        return RateLimited(reason, wait)
    if status >= 500 or status == httpx.codes.REQUEST_TIMEOUT:
        return Unreachable(reason)
    if status < 400:
        return Rubbish.of(reason, body)
    return Refused(reason)


def _until_reset(reason: str) -> float:
    """Seconds until the limit that *reason* names is counted from nothing again, and a minute for good measure."""
    now = datetime.now(timezone.utc)
    if "Daily" in reason:
        reset = now.replace(hour=0, minute=1, second=0, microsecond=0) + timedelta(days=1)
    elif "Hourly" in reason:
        reset = now.replace(minute=1, second=0, microsecond=0) + timedelta(hours=1)
    elif "concurrent" in reason:
        return 1.0
    else:
        return 60.0
    return (reset - now).total_seconds()


class _Pace:
    """Lets one pass every *interval* seconds: the upstream's limit, kept by this process."""

    def __init__(self, interval: float, sleep: Callable[[float], None]) -> None:
        self._interval, self._sleep = interval, sleep
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        if not self._interval:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._interval
        self._sleep(turn - now)
