"""``ecluse plan``, ``run``, ``ship`` and ``report``: load, plan, run, report."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from ecluse.cli.repository import top
from ecluse.conditions import describe_event
from ecluse.errors import Interrupted, JobFailed, RepositoryError, ToolError
from ecluse.events import example_tag, play, reported
from ecluse.interpreters import find
from ecluse.load import load
from ecluse.model import Event, EventKind, Pipeline
from ecluse.plan import Leg, Plan
from ecluse.plan import plan as make_plan
from ecluse.run.provider import Provider, detect

if TYPE_CHECKING:
    from ecluse.run.console import Console
    from ecluse.run.outcome import Run

__all__ = ["plan", "report", "run", "ship"]


def _event_options(function: Callable[..., None]) -> Callable[..., None]:
    kinds = click.Choice(get_args(EventKind))
    for option in (
        click.option(
            "--ref", metavar="NAME", help="The branch, or the tag, of --event.  [default: the one jobs ask for]"
        ),
        click.option("--event", type=kinds, help="The event to play.  [default: the provider's; here, pull_request]"),
    ):
        function = option(function)
    return function


def _run_options(function: Callable[..., None]) -> Callable[..., None]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for option in (
        click.option("--no-cache", is_flag=True, help="Run also what has not changed since it last passed."),
        click.option("--fail-fast/--keep-going", help="Stop everything at the first failure.  [default: --keep-going]"),
        click.option(
            "--jobs", "-j", "workers", type=click.IntRange(1), default=cores, help=f"Legs at once.  [default: {cores}]"
        ),
    ):
        function = option(function)
    return function


@click.command()
@_event_options
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def plan(event: EventKind | None, ref: str | None, as_json: bool) -> None:
    """Show what an event would run, in which order, and why each job runs or not.

    \b
    Examples:
      ./ecluse plan                              a pull request
      ./ecluse plan --event push --ref staging
      ./ecluse plan --event tag --ref v1.2.0
      ./ecluse plan --event ship --json
    """
    folder = top()
    pipeline = load(folder / "pipeline.py")
    if event == "tag" and ref is None:
        ref = example_tag(pipeline)
    played = _event(pipeline, event, ref)
    pythons = _pythons(folder, pipeline, pipeline.jobs)
    planned = make_plan(pipeline, played, missing_pythons=_missing(pipeline, pythons))
    if as_json:
        click.echo(json.dumps(_plan_data(planned), indent=1, ensure_ascii=False))
    else:
        click.echo(_plan_text(planned))


@click.command()
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@_event_options
@click.option("--matrix", "-m", multiple=True, metavar="AXIS=VALUE", help="Only these legs; may be repeated.")
@click.option("--with-needs", is_flag=True, help="Also run what the named jobs need.")
@click.option("--dry-run", is_flag=True, help="Show what would run, and what is unchanged; run nothing.")
@click.option("--explain", is_flag=True, help="Say of each job what has changed since it last passed.")
@_run_options
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
) -> None:
    """Run jobs of the pipeline here.

    Without JOB, the jobs that the event selects. With JOB, exactly those, without what they need, as a provider's job does.
    A job that passed before with the same inputs, command, tools and variables is not run again.

    \b
    Examples:
      ./ecluse run                                 what a pull request runs
      ./ecluse run lint unit                       two jobs
      ./ecluse run tests --matrix python=3.13      some legs of one
      ./ecluse run --dry-run --explain             what would run, and what has changed
    """
    folder = top()
    pipeline = load(folder / "pipeline.py")
    _known_jobs(pipeline, jobs)
    if event == "tag" and ref is None:
        raise click.UsageError(f"--event tag needs the tag: --ref {example_tag(pipeline)}")
    chosen = _matrix(pipeline, jobs, matrix)
    pythons = _pythons(
        folder, pipeline, (job for job in pipeline.jobs if not jobs or with_needs or job.name in jobs), chosen
    )
    planned = make_plan(
        pipeline,
        _event(pipeline, event, ref),
        jobs=jobs,
        with_needs=with_needs,
        matrix=chosen,
        missing_pythons=_missing(pipeline, pythons),
    )
    _complete_in_ci(planned)
    if not planned.running:
        raise RepositoryError(_nothing(planned), hint="./ecluse plan shows what each event runs, and why")
    if dry_run:
        click.echo(_dry_run(folder, planned, pythons, cache=not no_cache, explain=explain))
        return
    _end(_execute(folder, planned, pythons, workers, fail_fast, no_cache, explain))


@click.command()
@_run_options
def ship(workers: int, fail_fast: bool, no_cache: bool) -> None:
    """Check, test and roll out to this machine; print the site's address.

    Lint, checks and tests of what is checked out, then a release of it, put into service without losing a request. What has
    passed before and has not changed is not run again.

    \b
    Examples:
      ./ecluse ship
      ./ecluse ship --no-cache     run everything
      ./ecluse stop local          and stop the site
    """
    folder = top()
    pipeline = load(folder / "pipeline.py")
    shipped = Event(kind="ship")
    values = [pipeline.ship_matrix["python"]] if "python" in pipeline.ship_matrix else []
    pythons = find(values, os.environ, _memory(folder))
    planned = make_plan(pipeline, shipped, missing_pythons=[value for value in values if value not in pythons])
    targets = [leg for leg in planned.running if leg.job.environment is not None]
    if not targets:
        raise RepositoryError(
            "ship rolls nothing out: " + _nothing(planned), hint="./ecluse plan --event ship says why"
        )
    done = _execute(folder, planned, pythons, workers, fail_fast, no_cache, explain=False)
    _end(done)
    urls = {environment.name: environment.url for environment in pipeline.environments}
    for leg in targets:
        click.echo(
            f"{click.style('●', fg='green')} {leg.job.environment} serves at {click.style(urls[leg.job.environment or ''], bold=True)}"
        )


@click.command()
@click.argument("id", required=False)
@click.option("--open", "open_", is_flag=True, help="Open the page in a browser.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json.")
def report(id: str | None, open_: bool, as_json: bool) -> None:
    """Show the report of a run: the last one, or the one that ID begins.

    \b
    Examples:
      ./ecluse report
      ./ecluse report --open
      ./ecluse report 20261121-0412 --json
    """
    folder = _find_run(top() / ".ecluse" / "runs", id)
    record = (folder / "run.json").read_text(encoding="utf-8")
    if as_json:
        click.echo(record, nl=False)
        return
    data = json.loads(record)
    verdict = "interrupted" if data["interrupted"] else "passed" if data["ok"] else "failed"
    click.echo(f"{data['title']} · {data['began'][:19].replace('T', ' ')} UTC · {data['seconds']:.1f} s · {verdict}\n")
    for leg in data["legs"]:
        click.echo(f"{_SYMBOLS[leg['status']]} {leg['name']:<24} {leg['seconds']:7.1f} s  {leg['reason']}".rstrip())
    page = folder / "report.html"
    click.echo(f"\n{page}")
    if open_:
        click.launch(page.as_uri())


_SYMBOLS = {"passed": "✓", "cached": "=", "failed": "✗", "cancelled": "!", "skipped": "–"}


def _event(pipeline: Pipeline, kind: EventKind | None, ref: str | None) -> Event:
    """The event asked for, else the one the provider reports, else a pull request."""
    given = reported(os.environ)
    if kind is None and given is not None:
        return given
    return play(pipeline, kind or "pull_request", ref)


def _known_jobs(pipeline: Pipeline, jobs: Iterable[str]) -> None:
    names = [job.name for job in pipeline.jobs]
    for job in jobs:
        if job not in names:
            close = get_close_matches(job, names, n=1)
            rest = f" Did you mean {close[0]}?" if close else f" There are: {', '.join(names)}."
            raise click.UsageError(f"No job {job!r} in pipeline.py.{rest}")


def _matrix(pipeline: Pipeline, jobs: tuple[str, ...], chosen: tuple[str, ...]) -> dict[str, list[str]]:
    axes: dict[str, set[str]] = {}
    for job in pipeline.jobs:
        if not jobs or job.name in jobs:
            for axis, values in job.matrix.items():
                axes.setdefault(axis, set()).update(values)
    found: dict[str, list[str]] = {}
    for item in chosen:
        axis, _, value = item.partition("=")
        if axis not in axes:
            raise click.UsageError(f"--matrix {item}: no axis {axis!r} here. There are: {', '.join(axes) or 'none'}.")
        if value not in axes[axis]:
            raise click.UsageError(f"--matrix {item}: {axis} is one of {', '.join(sorted(axes[axis]))}.")
        found.setdefault(axis, []).append(value)
    return found


def _memory(folder: Path) -> Path:
    return folder / ".ecluse" / "cache" / "pythons.json"


def _pythons(
    folder: Path, pipeline: Pipeline, jobs: Iterable[Any], chosen: Mapping[str, list[str]] | None = None
) -> dict[str, str]:
    values = [value for job in jobs for value in job.matrix.get("python", ())]
    only = (chosen or {}).get("python")
    return find([value for value in values if only is None or value in only], os.environ, _memory(folder))


def _missing(pipeline: Pipeline, pythons: Mapping[str, str]) -> set[str]:
    return {value for job in pipeline.jobs for value in job.matrix.get("python", ())} - pythons.keys()


def _complete_in_ci(planned: Plan) -> None:
    """In CI a leg that silently does not run is a hole in the gate."""
    absent = [leg.name for leg in planned.legs if not leg.runs and leg.reason.endswith("not on this machine")]
    if absent and detect(os.environ) is not Provider.NONE:
        raise ToolError(
            f"the Python of {', '.join(absent)} is not on this machine",
            hint="install it in a step before (actions/setup-python, Travis's python:)",
        )


def _nothing(planned: Plan) -> str:
    reasons = dict.fromkeys(leg.reason for leg in planned.legs if leg.reason != "not asked for")
    return f"nothing to run: {'; '.join(reasons)}"


def _execute(
    folder: Path,
    planned: Plan,
    pythons: Mapping[str, str],
    workers: int,
    fail_fast: bool,
    no_cache: bool,
    explain: bool,
) -> Run:
    from ecluse.run import Options
    from ecluse.run import run as run_plan

    provider = detect(os.environ)
    options = Options(workers=workers, fail_fast=fail_fast, cache=not no_cache)
    return run_plan(
        planned, top=folder, environ=dict(os.environ), console=_console(provider), options=options, pythons=pythons
    )


def _console(provider: Provider) -> Console:
    from ecluse.run.console import PlainConsole

    def say(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    return PlainConsole(say, provider)


def _end(done: Run) -> None:
    if done.interrupted:
        raise Interrupted("interrupted; what was running has been ended")
    if not done.ok:
        bad = [outcome.leg.name for outcome in done.outcomes.values() if outcome.status in ("failed", "cancelled")]
        raise JobFailed(f"{', '.join(bad)} failed", hint=f"./ecluse report {done.id} --open shows everything")


def _find_run(runs: Path, prefix: str | None) -> Path:
    found = sorted(folder.parent for folder in runs.glob("*/run.json") if folder.parent.name.startswith(prefix or ""))
    if not found:
        what = f"no run begins with {prefix!r}" if prefix else "there is no run yet"
        raise RepositoryError(what, where=".ecluse/runs", hint="./ecluse run makes one")
    if prefix and len(found) > 1:
        names = ", ".join(folder.name for folder in found[-5:])
        raise RepositoryError(
            f"{len(found)} runs begin with {prefix!r}: {names}", where=".ecluse/runs", hint="name one"
        )
    return found[-1]


def _plan_text(planned: Plan) -> str:
    width = max(len(leg.name) for leg in planned.legs)
    lines = [click.style(describe_event(planned.event), bold=True)]
    stage = -1
    for leg in planned.legs:
        if leg.stage != stage:
            stage = leg.stage
            lines += ["", f"stage {stage}" if leg.runs else "does not run"]
        symbol = click.style("✓", fg="green") if leg.runs else click.style("–", dim=True)
        detail = leg.job.description if leg.runs else leg.reason
        lines.append(f"  {symbol} {leg.name:<{width}}  {detail}".rstrip())
    return "\n".join(lines)


def _plan_data(planned: Plan) -> dict[str, Any]:
    event = planned.event
    return {
        "event": {"kind": event.kind, "branch": event.branch, "tag": event.tag},
        "legs": [_leg_data(leg) for leg in planned.legs],
    }


def _leg_data(leg: Leg) -> dict[str, Any]:
    return {
        "name": leg.name,
        "job": leg.job.name,
        "matrix": dict(leg.values),
        "runs": leg.runs,
        "stage": leg.stage if leg.runs else None,
        "reason": leg.reason,
        "needs": list(leg.job.needs),
        "services": list(leg.job.services),
        "environment": leg.job.environment,
        "steps": [list(step.run) for step in leg.steps()],
    }


def _dry_run(folder: Path, planned: Plan, pythons: Mapping[str, str], *, cache: bool, explain: bool) -> str:
    from ecluse.run import cache_of

    found = cache_of(folder, os.environ, pythons)
    width = max(len(leg.name) for leg in planned.running)
    lines = []
    for leg in planned.running:
        facts = found.facts(leg, planned) if cache else None
        unchanged = facts is not None and found.find(leg, facts) is not None
        lines.append(f"{'=' if unchanged else '→'} {leg.name:<{width}}  {'unchanged' if unchanged else 'would run'}")
        if facts is not None and explain and not unchanged:
            lines += [f"    {change}" for change in found.explain(leg, facts)]
    found.save()
    return "\n".join(lines)
