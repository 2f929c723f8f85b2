"""The trends over all runs as one HTML page that needs nothing beside itself. Names of jobs and tests are escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape

from ecluse.pages.page_parts import duration, filled, tile
from ecluse.run.ansi import as_text
from ecluse.run.pieces import STATUS_WORDS
from ecluse.run.trends import LegTrend, Ran, SlowTest, Trends

__all__ = ["trends_page"]

# Bars of a leg; older executions are left out of the picture, and are part of the median.
_BARS = 60
_HEIGHT = 36


def trends_page(found: Trends, pipeline: str) -> str:
    """The page about *found*, for the pipeline with this name."""
    return filled(
        __package__,
        "trends.html",
        ["report.css"],
        tab=f"Trends · {escape(pipeline)}",
        pipeline=escape(pipeline),
        runs=found.runs,
        first=escape(found.first),
        last=escape(found.last),
        first_day=_day(found.first),
        last_day=_day(found.last),
        tiles="\n".join(_tiles(found)),
        legs="\n".join(map(_leg, found.legs)),
        slowest="\n".join(_slowest(found.slowest)) or "<p>No run that is kept has left test results.</p>",
    )


def _day(began: str) -> str:
    return f"{datetime.fromisoformat(began):%Y-%m-%d %H:%M}"


def _tiles(found: Trends) -> Iterator[str]:
    yield tile("passed", f"{found.passed / found.runs:.0%}", "of the runs passed")
    yield tile("cached", f"{found.unchanged:.0%}", "of the jobs unchanged")


def _leg(leg: LegTrend) -> str:
    usual = "–" if leg.usual is None else duration(leg.usual)
    last = duration(leg.ran[-1].seconds) if leg.ran else "–"
    return (
        f'<tr><th scope="row">{escape(as_text(leg.name))}<td>{_bars(leg)}'
        f"<td>{usual}<td>{last}<td>{leg.failed or ''}<td>{leg.unchanged or ''}"
    )


def _bars(leg: LegTrend) -> str:
    shown = leg.ran[-_BARS:]
    if not shown:
        return ""
    most = max(one.seconds for one in shown) or 1.0
    label = f"{len(shown)} times, between {duration(min(one.seconds for one in shown))} and {duration(most)}"
    bars = "".join(_bar(one, place + _BARS - len(shown), most) for place, one in enumerate(shown))
    size = f'viewBox="0 0 {_BARS * 4} {_HEIGHT}" width="{_BARS * 4}" height="{_HEIGHT}"'
    return f'<svg role="img" aria-label="{escape(label)}" preserveAspectRatio="none" {size}>{bars}</svg>'


def _bar(one: Ran, place: int, most: float) -> str:
    # What took no time must still be seen.
    height = max(one.seconds / most * _HEIGHT, 2)
    title = f"{_day(one.began)}: {STATUS_WORDS[one.status]} in {duration(one.seconds)}"
    return (
        f'<rect class="bar {one.status}" x="{place * 4}" width="4" y="{_HEIGHT - height:.1f}" height="{height:.1f}">'
        f"<title>{escape(title)}</title></rect>"
    )


def _slowest(tests: Sequence[SlowTest]) -> Iterator[str]:
    if tests:
        yield "<table><tbody>"
        for one in tests:
            name = escape(as_text(one.test))
            yield f'<tr><th scope="row">{name}<td>{duration(one.seconds)}, in {escape(as_text(one.leg))}'
        yield "</tbody></table>"
