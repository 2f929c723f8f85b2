"""``ecluse run``: the jobs that an event selects, or those that are named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecluse.cli.execute import execute, judge, nothing, run_options
from ecluse.cli.project import checked_pipeline_in, top
from ecluse.cli.selection import (
    check_jobs,
    chosen_event,
    chosen_values,
    event_options,
    pythons_of,
    refuse_missing,
    wanted_pythons,
)
from ecluse.definition.events import example_tag
from ecluse.definition.model import EventKind
from ecluse.definition.plan import Plan
from ecluse.definition.plan import plan as make_plan
from ecluse.errors import RepositoryError
from ecluse.providers import provider_of

if TYPE_CHECKING:
    from ecluse.run.outcome import Run

__all__ = ["run"]


@click.command()
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@event_options
@click.option("--matrix", "-m", multiple=True, metavar="AXIS=VALUE", help="Only these legs; may be repeated.")
@click.option("--with-needs", is_flag=True, help="Also run what the named jobs need.")
@click.option("--dry-run", is_flag=True, help="Show what would run, and what is unchanged; run nothing.")
@click.option("--explain", is_flag=True, help="Say of each job what has changed since it last passed.")
@run_options
def run(
    jobs: tuple[str, ...],
    event: EventKind | None,
    ref: str | None,
    matrix: tuple[str, ...],
    with_needs: bool,
    dry_run: bool,
    explain: bool,
    workers: int,
    fail_fast: bool,
    no_cache: bool,
    strict_inputs: bool | None,
) -> None:
    """Run jobs of the pipeline here.

    Without JOB, those that the event selects. With JOB, exactly those, without what they need, as a provider's job
    does. A job that passed before with the same inputs, commands, tools and variables is not run again.

    \b
    Examples:
      ./ecluse run                                 what a pull request runs
      ./ecluse run lint unit                       two jobs
      ./ecluse run tests --matrix python=3.13      some legs of one
      ./ecluse run --dry-run --explain             what would run, and what has changed
    """
    folder = top()
    pipeline = checked_pipeline_in(folder)
    check_jobs(pipeline, jobs)
    if event == "tag" and ref is None:
        raise click.UsageError(f"--event tag needs the tag, as --ref {example_tag(pipeline)}")
    candidates = [job for job in pipeline.jobs if not jobs or with_needs or job.name in jobs]
    chosen = chosen_values(candidates, matrix)
    wanted = wanted_pythons(candidates, chosen.get("python"))
    pythons = pythons_of(folder, wanted, os.environ)
    planned = make_plan(
        pipeline,
        chosen_event(pipeline, event, ref, os.environ),
        jobs=jobs,
        with_needs=with_needs,
        matrix=chosen,
        missing_pythons={*wanted} - pythons.keys() if provider_of(os.environ) is None else (),
    )
    refuse_missing(planned, pythons, os.environ)
    if not planned.running:
        raise RepositoryError(nothing(planned), hint="./ecluse plan shows what each event runs, and why")
    if dry_run:
        _show_dry_run(folder, planned, pythons, no_cache, explain)
        return
    done = execute(folder, planned, pythons, workers, fail_fast, no_cache, strict_inputs)
    if explain:
        click.echo("\n".join(_explained(done)))
    judge(done)


def _show_dry_run(folder: Path, planned: Plan, pythons: Mapping[str, str], no_cache: bool, explain: bool) -> None:
    from ecluse.cli.show import dry_run
    from ecluse.run.execution import cache_of

    cache = None if no_cache else cache_of(planned, folder, os.environ, pythons)
    for line in dry_run(planned, cache, explain=explain):
        click.echo(line)


def _explained(done: Run) -> list[str]:
    lines = [""]
    for outcome in done.outcomes.values():
        if outcome.changes:
            lines += [f"{outcome.leg.name} ran because of", *(f"  {change}" for change in outcome.changes)]
    return lines
