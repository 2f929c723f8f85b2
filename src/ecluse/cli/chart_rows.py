"""The charts of an environment as lines of a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from ecluse.monitoring.overview import Overview
from ecluse.monitoring.policies import Rule, first_about

__all__ = ["rows"]

_BARS = "▁▂▃▄▅▆▇█"
_COLUMNS = 60


def rows(found: Overview, rules: Sequence[Rule]) -> Iterator[str]:
    """The lines: each line of each chart, the rollouts below them, then the figures of policies with their limits."""
    yield f"{found.environment}, {_when(found.begin)} to {_when(found.end)}"
    lines = [(chart, line) for chart in found.charts for line in chart.lines]
    names = [f"{chart.title} {line.name}".strip() for chart, line in lines]
    width = max(map(len, [*names, "Rollouts"]))
    for name, (chart, line) in zip(names, lines, strict=True):
        last = "–" if line.last is None else f"{line.last:.1f}"
        yield f"  {name:<{width}}  {_bars(line.values, chart.most):<{_COLUMNS}}  {last:>7} {chart.unit}"
    if found.rollouts:
        yield f"  {'Rollouts':<{width}}  {_marks(found)}"
    for one in found.rollouts:
        yield f"    {_when(one.began)}  {one.release}  {one.outcome}"
    limits = first_about(rules)
    width = max((len(f"{one.figure} {one.of}") for one in found.figures), default=0)
    for figure in found.figures:
        name, value = f"{figure.figure} {figure.of}".strip(), f"{figure.values[-1]:.1f} {figure.unit}"
        rule = limits.get(figure.figure)
        limit = f"alert {rule.figure.side} {rule.limit:g}" if rule else ""
        yield f"  {name:<{width}}  {value:>18}  {limit}".rstrip()


def _bars(values: Sequence[float | None], most: float | None) -> str:
    """The values as bars, each the greatest of its share of the time; a gap where there is none."""
    top = most or max((value for value in values if value is not None), default=0) or 1
    bars = ""
    for column in range(_COLUMNS if values else 0):
        first, end = (place * len(values) // _COLUMNS for place in (column, column + 1))
        share = values[first : max(end, first + 1)]
        known = [value for value in share if value is not None]
        bars += _BARS[min(int(max(known) / top * len(_BARS)), len(_BARS) - 1)] if known else " "
    return bars


def _marks(found: Overview) -> str:
    marks = [" "] * _COLUMNS
    for one in found.rollouts:
        place = int((one.ended - found.begin) / (found.end - found.begin) * _COLUMNS)
        marks[min(max(place, 0), _COLUMNS - 1)] = "│" if one.outcome == "succeeded" else "╳"
    return "".join(marks).rstrip()


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
