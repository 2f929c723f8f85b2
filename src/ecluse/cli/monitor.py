"""``ecluse monitor`` and ``ecluse top``: the figures of a machine that is watched, as a page and in the terminal."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecluse.cli.elsewhere import Elsewhere, OfEnvironment
from ecluse.cli.environments import as_json, environment_argument, named, opened
from ecluse.cli.project import pipeline_in
from ecluse.cli.project import top as top_folder

if TYPE_CHECKING:
    from ecluse.definition.model import Environment, Pipeline
    from ecluse.monitoring.overview import Overview

__all__ = ["monitor", "top"]


@click.command()
@environment_argument
@click.option("--hours", type=click.FloatRange(0.1, 720), default=3, show_default=True, help="The time to show.")
@click.option("--watch", is_flag=True, help="Show the same in the terminal, every 15 seconds, until Ctrl-C.")
@as_json
def monitor(environment: str, hours: float, watch: bool, json_: bool) -> None:
    """Make a page of ENVIRONMENT's charts, with its rollouts, and open it in a browser where there is a terminal.

    \b
    Examples:
      ./ecluse monitor production
      ./ecluse monitor production --hours 24
      ./ecluse monitor production --watch
    """
    from ecluse.cli.chart_rows import rows
    from ecluse.monitoring.alert_rules import INTERVAL
    from ecluse.monitoring.policies import rules

    folder = top_folder()
    pipeline = pipeline_in(folder)
    found = _watched(pipeline, environment)
    assert found.monitoring is not None
    with _look(folder, pipeline, found, hours) as look:
        while True:
            overview = look()
            if json_:
                click.echo(json.dumps(overview.as_json(), indent=None if watch else 1))
            else:
                click.echo("\n".join(rows(overview, rules(found.monitoring))))
            if not watch:
                break
            time.sleep(INTERVAL)
    if not json_:
        _show(folder, overview, found, pipeline.name)


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

    _watched(pipeline_in(top_folder()), environment)
    found = programs(number)
    if json_:
        click.echo(json.dumps([one.as_json() for one in found], indent=1))
        return
    width = max([len(one.name) for one in found] + [7])
    click.echo(f"{'program':<{width}}  processes  processor     memory")
    for one in found:
        click.echo(f"{one.name:<{width}}  {one.processes:>9}  {one.processor:>7.1f} %  {one.memory / 1e6:>6.0f} MB")


def _watched(pipeline: Pipeline, name: str) -> Environment:
    found = named(pipeline, name)
    if found.monitoring is None:
        raise click.UsageError(f"{name} has no monitoring in pipeline.py")
    return found


@contextmanager
def _look(folder: Path, pipeline: Pipeline, environment: Environment, hours: float) -> Iterator[Callable[[], Overview]]:
    """A function that returns the overview of *environment* for now, asked on its machine."""
    from ecluse.monitoring.overview import Overview

    if not environment.host:
        yield lambda: _here(environment.name, hours)
        return
    with Elsewhere(folder, pipeline, environment).asking() as ask:
        yield lambda: Overview.from_json(
            json.loads(ask("monitor", environment.name, "--hours", f"{hours:g}", "--json"))
        )


def _here(environment: str, hours: float) -> Overview:
    from ecluse.monitoring.charts import charts
    from ecluse.monitoring.overview import Overview, PastRollout
    from ecluse.monitoring.past_hour import courses

    end = time.time()
    begin = end - hours * 3600
    with opened(environment) as session:
        records = session.target.records.ledger().history()
    rollouts = [
        PastRollout(one.release, one.outcome, one.began, one.began + one.seconds)
        for one in records
        if one.began + one.seconds >= begin
    ]
    return Overview(environment, begin, end, charts(begin, end), courses(), rollouts)


def _show(folder: Path, overview: Overview, environment: Environment, pipeline: str) -> None:
    """Make the page, and open it where a person sits."""
    from ecluse.machine import durable
    from ecluse.monitoring.charts_page import charts_page
    from ecluse.monitoring.policies import rules

    assert environment.monitoring is not None
    page = folder / ".ecluse" / "monitor" / f"{environment.name}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    durable.write(page, charts_page(overview, rules(environment.monitoring), pipeline))
    click.echo(f"\n{page}")
    if sys.stdout.isatty():
        click.launch(page.as_uri())
