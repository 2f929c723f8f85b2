"""The charts of an environment as one HTML page that needs nothing beside itself. Names are escaped."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from html import escape

from ecluse.monitoring.charts import Chart, Curve
from ecluse.monitoring.overview import Overview, PastRollout
from ecluse.monitoring.past_hour import Course
from ecluse.monitoring.policies import Rule, first_about
from ecluse.pages.page_parts import duration, filled

__all__ = ["charts_page"]

# The size of a picture, in units of its own: a browser stretches it.
_WIDTH, _HEIGHT = 1000, 100

_COLOURS = 4
_LABELS = 5


def charts_page(found: Overview, rules: Sequence[Rule], pipeline: str) -> str:
    """The page about *found*, with the thresholds of *rules*, for the pipeline with this name."""
    limits = first_about(rules)
    return filled(
        __package__,
        "charts.html",
        ["charts.css"],
        tab=f"{escape(found.environment)} · {escape(pipeline)}",
        pipeline=escape(pipeline),
        environment=escape(found.environment),
        begin=_when(found.begin),
        end=_when(found.end),
        zone=escape(time.strftime("%Z", time.localtime(found.end))),
        charts="\n".join(_chart(chart, found, limits.get(chart.figure)) for chart in found.charts),
        rollouts="\n".join(_rollouts(found.rollouts)) or "<p>None in this time.</p>",
        figures="\n".join(_figure(one, limits.get(one.figure)) for one in found.figures),
    )


def _chart(chart: Chart, found: Overview, limit: Rule | None) -> str:
    known = [value for line in chart.lines for value in line.values if value is not None]
    top = chart.most or _round(max(known, default=0))
    title = f'<figcaption><b>{escape(chart.title)}</b> <span class="unit">{escape(chart.unit)}</span>{_legend(chart)}'
    if not known:
        return f'<figure class="chart">{title}</figcaption><p class="nothing">No figures in this time.</p></figure>'
    label = f"{chart.title} in {chart.unit}: from {_number(min(known))} to {_number(max(known))}"
    marks = "".join((*_grid(), *_limit(limit, top), *(_rollout(one, found) for one in found.rollouts)))
    lines = "".join(_line(line, place, top) for place, line in enumerate(chart.lines))
    scale = "".join(f"<span>{_number(value)}</span>" for value in (top, top / 2, 0))
    return (
        f'<figure class="chart">{title}</figcaption><div class="plot"><div class="y" aria-hidden="true">{scale}</div>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        f"{marks}{lines}{''.join(_points(chart, found))}</svg>"
        f'<div class="x" aria-hidden="true">{_times(found)}</div></div></figure>'
    )


def _legend(chart: Chart) -> str:
    """The name of each line with its newest value."""
    return "".join(
        f'<span class="key line-{place % _COLOURS}">{escape(line.name)} <b>{_number(line.last)}</b></span>'
        for place, line in enumerate(chart.lines)
    )


def _grid() -> Iterator[str]:
    for y in (0, _HEIGHT / 2, _HEIGHT):
        yield f'<line class="grid" x1="0" x2="{_WIDTH}" y1="{y:g}" y2="{y:g}"/>'


def _limit(rule: Rule | None, top: float) -> Iterator[str]:
    if rule is not None and rule.limit <= top:
        y = _HEIGHT * (1 - rule.limit / top)
        title = f"alert {escape(rule.name)}: {rule.figure.side} {rule.limit:g} {escape(rule.figure.unit)}"
        yield f'<line class="limit" x1="0" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"><title>{title}</title></line>'


def _rollout(one: PastRollout, found: Overview) -> str:
    """A rollout: from its beginning to its end, with a line where it ended."""
    begin, end = (_x(min(max(at, found.begin), found.end), found) for at in (one.began, one.ended))
    title = f"<title>{escape(_sentence(one))}</title>"
    return (
        f'<g class="rollout {escape(one.outcome)}">{title}'
        f'<rect x="{begin:.1f}" width="{max(end - begin, 0.1):.1f}" y="0" height="{_HEIGHT}"/>'
        f'<line x1="{end:.1f}" x2="{end:.1f}" y1="0" y2="{_HEIGHT}"/></g>'
    )


def _line(line: Curve, place: int, top: float) -> str:
    step = _WIDTH / max(len(line.values) - 1, 1)
    pieces: list[list[str]] = [[]]
    for number, value in enumerate(line.values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{number * step:.1f},{_HEIGHT * (1 - min(value / top, 1)):.2f}")
    # A value between two gaps is a dot: a line needs two ends.
    points = (" ".join(piece if len(piece) > 1 else piece * 2) for piece in pieces if piece)
    return "".join(f'<polyline class="line-{place % _COLOURS}" points="{each}"/>' for each in points)


def _points(chart: Chart, found: Overview) -> Iterator[str]:
    """The values at each time, for a pointer that rests there."""
    count = max(len(line.values) for line in chart.lines)
    step = _WIDTH / max(count - 1, 1)
    for number in range(count):
        values = [(line.name, line.values[number]) for line in chart.lines if number < len(line.values)]
        told = ", ".join(f"{name} {_number(value)}" for name, value in values if value is not None)
        if told:
            at = time.strftime(
                "%H:%M:%S", time.localtime(found.begin + (found.end - found.begin) * number / (count - 1 or 1))
            )
            yield (
                f'<rect class="at" x="{number * step - step / 2:.1f}" width="{step:.1f}" y="0" height="{_HEIGHT}">'
                f"<title>{at}: {escape(told)} {escape(chart.unit)}</title></rect>"
            )


def _times(found: Overview) -> str:
    form = "%H:%M" if found.end - found.begin <= 86400 else "%d %b %H:%M"
    parts = (found.begin + (found.end - found.begin) * number / (_LABELS - 1) for number in range(_LABELS))
    return "".join(f"<span>{time.strftime(form, time.localtime(at))}</span>" for at in parts)


def _rollouts(found: Sequence[PastRollout]) -> Iterator[str]:
    if found:
        yield "<table><tbody>"
        for one in reversed(found):
            took = f"{escape(one.outcome)} after {duration(one.ended - one.began)}"
            yield f'<tr><th scope="row">{_when(one.began)}<td>{escape(one.release)}: {took}'
        yield "</tbody></table>"


def _figure(one: Course, limit: Rule | None) -> str:
    name = f"{one.figure} {one.of}".strip()
    alert = f"{limit.figure.side} {limit.limit:g}" if limit else "–"
    return f'<tr><th scope="row">{escape(name)}<td>{_number(one.values[-1])} {escape(one.unit)}<td>{escape(alert)}'


def _sentence(one: PastRollout) -> str:
    return f"rollout of {one.release}, {_when(one.began)}: {one.outcome} after {duration(one.ended - one.began)}"


def _x(at: float, found: Overview) -> float:
    return _WIDTH * (at - found.begin) / (found.end - found.begin)


def _round(most: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below *most*."""
    if most <= 0:
        return 1
    power = 10 ** math.floor(math.log10(most))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= most))


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2g}"


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
