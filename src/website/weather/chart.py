"""The chart of a place: temperature and precipitation of the last days and of those to come, as the numbers of an SVG.

The server draws it, so that it is there without any script. Numbers are written here: a template would write them as
the page's language does, which SVG does not read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format

from website.weather import zones

__all__ = ["Chart", "HEIGHT", "NARROW", "Point", "Shape", "WIDE", "draw"]

HEIGHT = 330
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 26, 34
RAIN = 60
"""The height of the strip at the bottom in which precipitation stands."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a chart, so that its words can be read on a screen of that size.

    *day* is the format of a day's name, and *label* the room that it takes.
    """

    width: int
    day: str
    label: int


WIDE = Shape(840, "D j", 48)
NARROW = Shape(350, "D", 32)
"""For a telephone."""


@dataclass(frozen=True, slots=True)
class Point:
    """The weather of an hour, in °C and mm; *observed*, or forecast."""

    hour: datetime
    temperature: float
    precipitation: float
    observed: bool


@dataclass(frozen=True, slots=True)
class Label:
    x: str
    y: str
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    x: str
    y: str
    width: str
    height: str
    observed: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The positions of all parts of the chart. Paths are values of ``d``; all numbers are text."""

    view_box: str
    left: str
    right: str
    top: str
    bottom: str
    middle: str
    observed: str
    forecast: str
    now: str
    degrees: Sequence[Label]
    days: Sequence[Label]
    bars: Sequence[Bar]
    most_rain: float


def draw(points: Sequence[Point], now: datetime, zone: str, shape: Shape = WIDE) -> Chart | None:
    """The chart in *shape* of *points*, which are in order of time; None of too few.

    Days are those of the time zone *zone*.
    """
    if len(points) < 2:
        return None
    start, end = points[0].hour, points[-1].hour
    low, high, step = _scale([point.temperature for point in points])
    most = max(2.0, max(point.precipitation for point in points))
    floor = HEIGHT - BOTTOM - RAIN

    def x(moment: datetime) -> float:
        return LEFT + (shape.width - LEFT - RIGHT) * ((moment - start) / (end - start))

    def y(temperature: float) -> float:
        return TOP + (floor - TOP) * (high - temperature) / (high - low)

    width = max(1.0, x(start + HOUR) - x(start) - 1)
    bars = [
        Bar(
            _text(x(point.hour) - width / 2),
            _text(HEIGHT - BOTTOM - height),
            _text(width),
            _text(height),
            point.observed,
        )
        for point in points
        if (height := (RAIN - 12) * point.precipitation / most) >= 0.5
    ]
    observed = [point for point in points if point.observed]
    # The forecast goes on from the last hour that was observed.
    forecast = observed[-1:] + [point for point in points if not point.observed]
    return Chart(
        view_box=f"0 0 {shape.width} {HEIGHT}",
        left=_text(LEFT),
        right=_text(shape.width - RIGHT),
        top=_text(TOP),
        bottom=_text(HEIGHT - BOTTOM),
        middle=_text(floor),
        observed=_path((x(point.hour), y(point.temperature), point.hour) for point in observed),
        forecast=_path((x(point.hour), y(point.temperature), point.hour) for point in forecast),
        now=_text(x(now)) if start <= now <= end else "",
        degrees=[
            Label(_text(LEFT - 8), _text(y(degree)), f"{degree:g}°".replace("-", "−"))
            for degree in (low + step * number for number in range(round((high - low) / step) + 1))
        ],
        days=_days(start, end, zone, x, shape),
        bars=bars,
        most_rain=most,
    )


def _scale(values: Sequence[float]) -> tuple[float, float, float]:
    """The lowest and highest line of a grid around *values*, and the step between lines: five of them, or so."""
    low, high = min(values), max(values)
    step = next(step for step in (1, 2, 5, 10, 20, 50) if (high - low) / step <= 5)
    bottom, top = math.floor(low / step) * step, math.ceil(high / step) * step
    return bottom, top if top > bottom else bottom + step, step


def _path(points: Iterable[tuple[float, float, datetime]]) -> str:
    """A line through *points*, with a gap where an hour is missing."""
    parts = []
    before: datetime | None = None
    for x, y, hour in points:
        parts.append(f"{'L' if before is not None and hour - before <= HOUR else 'M'}{_text(x)} {_text(y)}")
        before = hour
    return "".join(parts)


def _days(start: datetime, end: datetime, zone: str, x: Callable[[datetime], float], shape: Shape) -> list[Label]:
    there = zones.zone(zone)
    midnight = start.astimezone(there).replace(hour=0, minute=0)
    labels: list[Label] = []
    while True:
        midnight = (midnight + timedelta(days=1)).replace(hour=0)
        # Of a day that has hardly begun the name would be cut off by the edge.
        if midnight > end or x(midnight) > shape.width - RIGHT - shape.label / 2:
            return labels
        labels.append(Label(_text(x(midnight)), _text(HEIGHT - BOTTOM + 22), date_format(midnight, shape.day)))


def _text(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
