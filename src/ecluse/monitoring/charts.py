"""The charts of a machine and its site, as Prometheus has them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from ecluse.monitoring.alert_rules import INTERVAL
from ecluse.monitoring.figures import DISK_DEVICES, NETWORK, series
from ecluse.monitoring.loopback import PROMETHEUS, ask

__all__ = ["Chart", "Curve", "charts"]

_POINTS = 180
"""Values of a line: more could not be told apart."""

_SHARE = (
    "100 * sum by (site) (rate(ecluse_site_errors_total[mean]))"
    " / (sum by (site) (rate(ecluse_site_answers_total[mean])) > 0)"
)


@dataclass(frozen=True)
class _Kind:
    """A kind of chart: for each of its lines a name, and an expression in PromQL in which ``[mean]`` stands for a time.
    A line without a name has the value of *label* as its name. Where *most* is known, the chart goes up to that.
    *figure* is the one of the policies about it.
    """

    title: str
    unit: str
    lines: tuple[tuple[str, str], ...]
    label: str = ""
    most: float | None = None
    figure: str = ""


_KINDS = (
    _Kind(
        "Processor",
        "%",
        (("busy", '100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[mean])))'),),
        most=100,
        figure="processor",
    ),
    _Kind(
        "Memory",
        "%",
        (("used", "100 * (1 - sum(node_memory_MemAvailable_bytes) / sum(node_memory_MemTotal_bytes))"),),
        most=100,
        figure="memory",
    ),
    _Kind("Disk", "%", (("", series("disk")),), label="mountpoint", most=100, figure="disk"),
    _Kind(
        "Disk traffic",
        "MB/s",
        (
            ("read", f"sum(rate(node_disk_read_bytes_total{{{DISK_DEVICES}}}[mean])) / 1e6"),
            ("written", f"sum(rate(node_disk_written_bytes_total{{{DISK_DEVICES}}}[mean])) / 1e6"),
        ),
    ),
    _Kind(
        "Bandwidth",
        "Mbit/s",
        (
            ("received", f"sum(rate(node_network_receive_bytes_total{{{NETWORK}}}[mean])) * 8 / 1e6"),
            ("sent", f"sum(rate(node_network_transmit_bytes_total{{{NETWORK}}}[mean])) * 8 / 1e6"),
        ),
        figure="traffic",
    ),
    _Kind("Requests", "/s", (("", "sum by (site) (rate(ecluse_site_answers_total[mean]))"),), label="site"),
    _Kind("Errors", "% of answers", (("", _SHARE),), label="site", figure="errors"),
    _Kind(
        "Answer time of 95 %",
        "s",
        (("", "histogram_quantile(0.95, sum by (site, le) (rate(ecluse_site_duration_seconds_bucket[mean]))) >= 0"),),
        label="site",
        figure="answer-time",
    ),
)


@dataclass(frozen=True)
class Curve:
    """A line of a chart: its *name*, and its values; None where there is none."""

    name: str
    values: Sequence[float | None]

    @property
    def last(self) -> float | None:
        """The newest value."""
        return next((one for one in reversed(self.values) if one is not None), None)


@dataclass(frozen=True)
class Chart:
    """A chart: its *title* and *unit*, its *lines*, and the most that there can be, where that is known. *figure* names
    the figure that policies are about; it may be empty.
    """

    title: str
    unit: str
    lines: Sequence[Curve]
    most: float | None = None
    figure: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> Chart:
        """The chart that :meth:`as_json` gave."""
        return cls(**{**value, "lines": [Curve(**line) for line in value["lines"]]})


def charts(begin: float, end: float) -> list[Chart]:
    """The charts from *begin* to *end*, seconds since the epoch. Raises TargetError where Prometheus is away."""
    step = max(INTERVAL, math.ceil((end - begin) / _POINTS))
    return [_chart(kind, begin, end, step) for kind in _KINDS]


def _chart(kind: _Kind, begin: float, end: float, step: int) -> Chart:
    # A rate needs several values, and a line shows all that was between two of its points.
    mean = f"[{max(8 * INTERVAL, step)}s]"
    lines = [
        line
        for name, expression in kind.lines
        for line in _lines(kind, name, expression.replace("[mean]", mean), begin, end, step)
    ]
    return Chart(kind.title, kind.unit, lines, kind.most, kind.figure)


def _lines(kind: _Kind, name: str, expression: str, begin: float, end: float, step: int) -> Iterator[Curve]:
    asked = {"query": expression, "start": begin, "end": end, "step": step}
    found = ask(PROMETHEUS, f"/api/v1/query_range?{urlencode(asked)}")["data"]["result"]
    count = int((end - begin) / step) + 1
    for one in sorted(found, key=lambda one: sorted(one["metric"].items())):
        values: list[float | None] = [None] * count
        for seconds, value in one["values"]:
            values[min(round((seconds - begin) / step), count - 1)] = round(float(value), 6)
        yield Curve(name or one["metric"].get(kind.label, ""), values)
