"""A server that answers as Open-Meteo's documentation says, https://open-meteo.com/en/docs; or worse."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["Answer", "OpenMeteoServer", "running"]

DAY, HOUR = 86400, 3600
UNITS = {
    "time": "unixtime",
    "temperature_2m": "°C",
    "relative_humidity_2m": "%",
    "precipitation": "mm",
    "wind_speed_10m": "km/h",
    "weather_code": "wmo code",
}
LYON = {
    "id": 2996944, "name": "Lyon", "latitude": 45.74846, "longitude": 4.84671, "elevation": 173.0,
    "feature_code": "PPLA", "country_code": "FR", "timezone": "Europe/Paris", "population": 522969,
    "country": "France", "admin1": "Auvergne-Rhône-Alpes",
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A prepared answer: *pause* seconds before the headers, *drip* between any two bytes of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json; charset=utf-8"})
    pause: float = 0
    drip: float = 0


class OpenMeteoServer:
    """The server, and what a test may tell it. *asked* are the paths and parameters of all requests."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, dict[str, str]]] = []
        # Given out one after the other; then, and without any, what the documentation says.
        self.answers: list[Answer] = []
        # Changes what would be a good answer.
        self.spoil: Callable[[dict[str, Any]], Any] = lambda answer: answer
        self.latency = 0.0
        self.at_once = 0
        self.most_at_once = 0
        self.down = False
        self._lock = threading.Lock()

    def count(self) -> Counter[str]:
        """The number of requests for each place, by its latitude."""
        return Counter(parameters["latitude"] for _path, parameters in self.asked if "latitude" in parameters)

    def answer(self, path: str, parameters: dict[str, str]) -> Answer:
        with self._lock:
            self.asked.append((path, parameters))
            if self.answers:
                return self.answers.pop(0)
        if self.down:
            return Answer(503, b"<html><h1>503 Service Unavailable</h1></html>", {"Content-Type": "text/html"})
        try:
            found = {"/v1/forecast": self._forecast, "/v1/search": self._search}[path](parameters)
        except KeyError as error:
            return Answer(404 if error.args[0] == path else 400, _error(f"Parameter {error} is missing"))
        except ValueError as error:
            return Answer(400, _error(str(error)))
        return Answer(200, json.dumps(self.spoil(found)).encode())

    def _forecast(self, parameters: dict[str, str]) -> dict[str, Any]:
        latitude, longitude = float(parameters["latitude"]), float(parameters["longitude"])
        if not -90 <= latitude <= 90:
            raise ValueError(f"Latitude must be in range of -90 to 90°. Given: {latitude}.")
        today = int(time.time()) // DAY * DAY
        past, days = int(parameters.get("past_days", "0")), int(parameters.get("forecast_days", "7"))
        times = list(range(today - past * DAY, today + days * DAY, HOUR))
        hourly: dict[str, list[Any]] = {"time": times}
        for name in parameters["hourly"].split(","):
            if name not in UNITS:
                raise ValueError(
                    f"Data corrupted at path ''. Cannot initialize VariableOrDerived from invalid String value {name}."
                )
            hourly[name] = [_value(name, latitude, moment) for moment in times]
        return {
            "latitude": round(latitude, 2),
            "longitude": round(longitude, 2),
            "generationtime_ms": 0.08,
            "utc_offset_seconds": 0,
            "timezone": "GMT",
            "timezone_abbreviation": "GMT",
            "elevation": 38.0,
            "hourly_units": {name: UNITS[name] for name in hourly},
            "hourly": hourly,
        }

    def _search(self, parameters: dict[str, str]) -> dict[str, Any]:
        name = parameters["name"].casefold()
        results = [
            one for one in (LYON, {**LYON, "id": 4407084, "name": "Lyons"}) if name in str(one["name"]).casefold()
        ]
        # Where nothing is found there are no results, not an empty list of them.
        return {**({"results": results} if results else {}), "generationtime_ms": 0.5}


def _value(name: str, latitude: float, moment: int) -> float | int:
    hour = moment // HOUR
    return {
        "temperature_2m": round(25 - latitude / 3 + hour % 24 / 4, 1),
        "relative_humidity_2m": 40 + hour % 50,
        "precipitation": (hour % 7) / 10,
        "wind_speed_10m": round(3 + hour % 20 * 1.1, 1),
        "weather_code": (0, 1, 2, 3, 61, 63)[hour % 6],
    }[name]


def _error(reason: str) -> bytes:
    return json.dumps({"error": True, "reason": reason}).encode()


@contextmanager
def running(host: str = "127.0.0.1") -> Iterator[OpenMeteoServer]:
    """A server on a free port of *host*, for as long as the block runs."""
    state = OpenMeteoServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Nagle's algorithm would have the body wait for the headers' acknowledgement: 40 ms an answer.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            with state._lock:
                state.at_once += 1
                state.most_at_once = max(state.most_at_once, state.at_once)
            try:
                answer = state.answer(url.path, {name: values[-1] for name, values in parse_qs(url.query).items()})
                time.sleep(answer.pause or state.latency)
                self._send(answer)
            except OSError:
                self.close_connection = True  # it was not waited for
            finally:
                with state._lock:
                    state.at_once -= 1

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if not answer.drip:
                self.wfile.write(answer.body)
                return
            for byte in answer.body:
                self.wfile.write(bytes([byte]))
                time.sleep(answer.drip)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore a client that has gone."""

    server = Server((host, 0), Handler)
    state.url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
