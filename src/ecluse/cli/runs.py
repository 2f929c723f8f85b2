"""``ecluse runs`` and ``report``: what ran here, and how it ended."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ecluse.cli.project import pipeline_in, top
from ecluse.cli.times import ago
from ecluse.errors import RepositoryError

__all__ = ["report", "runs"]


@click.command()
@click.argument("id", required=False)
@click.option("--open", "open_", is_flag=True, help="Open the page in a browser.")
@click.option("--trends", is_flag=True, help="Compare all runs: the jobs' durations, the slowest tests.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json; the figures of --trends.")
def report(id: str | None, open_: bool, trends: bool, as_json: bool) -> None:
    """Show the report of a run: the last one, or the one whose name begins with ID. Or compare all runs.

    \b
    Examples:
      ./ecluse report
      ./ecluse report --open
      ./ecluse report 20261121-0412 --json
      ./ecluse report --trends --open
    """
    if trends:
        _trends(id, open_, as_json)
        return
    from ecluse.cli.show import run_text
    from ecluse.run.past import record_of

    folder = _find(_folder(), id)
    record = record_of(folder / "run.json")
    if record is None:
        raise RepositoryError(
            "the record of this run is damaged",
            where=f".ecluse/runs/{folder.name}/run.json",
            hint="./ecluse runs lists others",
        )
    if as_json:
        click.echo((folder / "run.json").read_bytes(), nl=False)
        return
    page = folder / "report.html"
    click.echo(f"{run_text(record)}\n\n{page}")
    if open_:
        click.launch(page.as_uri())


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def runs(as_json: bool) -> None:
    """List the runs that are kept here, the newest last: when, how long, how each ended.

    \b
    Examples:
      ./ecluse runs
      ./ecluse runs --json
    """
    from ecluse.run.past import records

    found = records(_folder())
    if as_json:
        click.echo(json.dumps([_summary(record) for record in found], indent=1, ensure_ascii=False))
        return
    if not found:
        raise _none()
    click.echo("\n".join(_table(found, time.time())))


def _trends(id: str | None, open_: bool, as_json: bool) -> None:
    from ecluse.cli.show import trends_data, trends_text
    from ecluse.machine import durable
    from ecluse.run.trends import trends
    from ecluse.run.trends_page import trends_page

    if id is not None:
        raise click.UsageError("--trends is about all runs: name none.")
    folder = _folder()
    found = trends(folder)
    if found is None:
        raise _none()
    if as_json:
        click.echo(json.dumps(trends_data(found), indent=1, ensure_ascii=False))
        return
    page = folder / "trends.html"
    durable.write(page, trends_page(found, pipeline_in(folder.parent.parent).name))
    click.echo(f"{trends_text(found)}\n\n{page}")
    if open_:
        click.launch(page.as_uri())


def _folder() -> Path:
    return top() / ".ecluse" / "runs"


def _summary(record: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "title", "began", "seconds", "ok", "interrupted")
    failed = [leg["name"] for leg in record["legs"] if leg["status"] == "failed"]
    return {**{name: record[name] for name in kept}, "failed": failed}


def _table(records: Sequence[dict[str, Any]], now: float) -> Iterator[str]:
    from ecluse.run.estimate import in_words

    for record in records:
        when = ago(now - datetime.fromisoformat(record["began"]).timestamp())
        failed = ", ".join(_summary(record)["failed"])
        color = "green" if record["ok"] else "yellow" if record["interrupted"] else "red"
        ended = "passed" if record["ok"] else "interrupted" if record["interrupted"] else f"failed: {failed}"
        row = f"{record['id']}  {when:>14}  {in_words(record['seconds']):>11}  {record['title']}  "
        yield row + click.style(ended, fg=color)


def _find(folder: Path, prefix: str | None) -> Path:
    found = sorted(record.parent for record in folder.glob("*/run.json") if record.parent.name.startswith(prefix or ""))
    if not found and not prefix:
        raise _none()
    if not found:
        raise RepositoryError(f"no run begins with {prefix!r}", where=".ecluse/runs", hint="./ecluse runs lists them")
    if prefix and len(found) > 1:
        names = ", ".join(folder.name for folder in found[-5:])
        raise RepositoryError(
            f"{len(found)} runs begin with {prefix!r}: {names}", where=".ecluse/runs", hint="name one"
        )
    return found[-1]


def _none() -> RepositoryError:
    return RepositoryError("there is no run yet", where=".ecluse/runs", hint="./ecluse run makes one")
