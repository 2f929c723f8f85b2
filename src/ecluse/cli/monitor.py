"""``ecluse monitor`` and ``ecluse top``: the figures of a machine that is watched, in the terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from ecluse.cli.elsewhere import OfEnvironment
from ecluse.cli.environments import as_json, environment_argument, named
from ecluse.cli.project import pipeline_in
from ecluse.cli.project import top as top_folder

if TYPE_CHECKING:
    from ecluse.definition.monitoring import Monitoring
    from ecluse.monitoring.past_hour import Course

__all__ = ["monitor", "top"]

_BARS = "▁▂▃▄▅▆▇█"


@click.command(cls=OfEnvironment)
@environment_argument
@click.option("--watch", is_flag=True, help="Show them again every 15 seconds, until Ctrl-C.")
@as_json
def monitor(environment: str, watch: bool, json_: bool) -> None:
    """Show the figures of ENVIRONMENT's machine: now, over the past hour, and the thresholds of its policies.

    \b
    Examples:
      ./ecluse monitor production
      ./ecluse monitor production --watch
    """
    from ecluse.monitoring.alert_rules import INTERVAL
    from ecluse.monitoring.past_hour import courses

    wanted = _watched(environment)
    while True:
        found = courses()
        if json_:
            click.echo(json.dumps([one.as_json() for one in found], indent=None if watch else 1))
        else:
            click.echo(time.strftime(f"{environment}, %Y-%m-%d %H:%M:%S"))
            click.echo("\n".join(_table(found, wanted)))
        if not watch:
            return
        time.sleep(INTERVAL)


@click.command(cls=OfEnvironment)
@environment_argument
@click.option("-n", "--number", default=5, show_default=True, help="How many by memory, and how many by processor.")
@as_json
def top(environment: str, number: int, json_: bool) -> None:
    """Show the biggest programs on ENVIRONMENT's machine: their processes, processor and memory.

    \b
    Examples:
      ./ecluse top production
      ./ecluse top production --number 10
    """
    from ecluse.monitoring.past_hour import programs

    _watched(environment)
    found = programs(number)
    if json_:
        click.echo(json.dumps([one.as_json() for one in found], indent=1))
        return
    width = max([len(one.name) for one in found] + [7])
    click.echo(f"{'program':<{width}}  processes  processor     memory")
    for one in found:
        click.echo(f"{one.name:<{width}}  {one.processes:>9}  {one.processor:>7.1f} %  {one.memory / 1e6:>6.0f} MB")


def _watched(name: str) -> Monitoring:
    found = named(pipeline_in(top_folder()), name)
    if found.monitoring is None:
        raise click.UsageError(f"{name} has no monitoring in pipeline.py")
    return found.monitoring


def _table(found: Sequence[Course], wanted: Monitoring) -> Iterator[str]:
    from ecluse.monitoring.policies import rules

    limits: dict[str, str] = {}
    for rule in rules(wanted):
        limits.setdefault(rule.about, f"alert {rule.figure.side} {rule.limit:g}")
    names = [f"{one.figure} {one.of}".strip() for one in found]
    width = max(map(len, names), default=0)
    for name, one in zip(names, found, strict=True):
        value = f"{one.values[-1]:.1f} {one.unit}".strip()
        yield f"  {name:<{width}}  {value:>18}  {_line(one.values):<31}  {limits.get(one.figure, '')}".rstrip()


def _line(values: Sequence[float]) -> str:
    """The values as a line of bars: from 0, or the least, to the most."""
    least, most = min(0.0, *values), max(values)
    if most == least:
        return _BARS[0] * len(values)
    return "".join(_BARS[int((value - least) / (most - least) * (len(_BARS) - 1))] for value in values)
