"""``ecluse plan``, ``run`` and ``ship``: load, plan, run, report."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

import click

from ecluse.cli.project import pipeline_in, top
from ecluse.cli.selection import (
    check_jobs,
    chosen_event,
    chosen_values,
    pythons_of,
    refuse_missing,
    wanted_pythons,
)
from ecluse.definition.conditions import holds
from ecluse.definition.events import example_tag
from ecluse.definition.model import Environment, Event, EventKind, Pipeline
from ecluse.definition.plan import Plan
from ecluse.definition.plan import plan as make_plan
from ecluse.errors import Interrupted, JobFailed, RepositoryError, TargetError
from ecluse.machine import git
from ecluse.providers import Provider, provider_of

if TYPE_CHECKING:
    from ecluse.run.console import Console
    from ecluse.run.outcome import Run

__all__ = ["plan", "run", "ship"]


def _event_options(function: Callable[..., None]) -> Callable[..., None]:
    kinds = click.Choice(get_args(EventKind))
    for option in (
        click.option("--ref", metavar="NAME", help="Its branch, or the tag.  [default: the branch that jobs ask for]"),
        click.option("--event", type=kinds, help="The event to play.  [default: the provider's; here, pull_request]"),
    ):
        function = option(function)
    return function


def _run_options(function: Callable[..., None]) -> Callable[..., None]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    at_once = click.IntRange(1)
    strict = "A job fails that reads a file which its inputs do not name.  [default: in CI]"
    for option in (
        click.option("--strict-inputs/--lenient-inputs", default=None, help=strict),
        click.option("--no-cache", is_flag=True, help="Run also what has not changed since it last passed."),
        click.option("--fail-fast/--keep-going", help="Stop everything at the first failure.  [default: --keep-going]"),
        click.option("--jobs", "-j", "workers", type=at_once, default=cores, help=f"Legs at once.  [default: {cores}]"),
    ):
        function = option(function)
    return function


class PlanGroup(click.Group):
    """The command ``plan``: without a subcommand it is about an event; a subcommand is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["deploy", "provision"]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name == "deploy":
            from ecluse.cli.rollout import plan_deploy

            return plan_deploy
        if name == "provision":
            from ecluse.cli.provision import plan_provision

            return plan_provision
        return None


@click.group(cls=PlanGroup, invoke_without_command=True, subcommand_metavar="[deploy|provision ENVIRONMENT]")
@_event_options
@click.option("--cost", is_flag=True, help="Show the minutes that the event costs at each provider instead.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def plan(ctx: click.Context, event: EventKind | None, ref: str | None, cost: bool, as_json: bool) -> None:
    """Show what an event would run, in which order, and why each job runs or not; or what a rollout would do.

    \b
    Examples:
      ./ecluse plan                              a pull request
      ./ecluse plan deploy local                 a rollout: over what, and its migrations' SQL
      ./ecluse plan provision production         a server: what would change on it
      ./ecluse plan --event push --ref staging
      ./ecluse plan --event tag --ref v1.2.0
      ./ecluse plan --event ship --json
      ./ecluse plan --cost                       the minutes that a pull request costs at each provider
    """
    if ctx.invoked_subcommand is not None:
        return
    from ecluse.cli.show import plan_data, plan_text, terminal_width

    folder = top()
    pipeline = _load(folder)
    if event == "tag" and ref is None:
        ref = example_tag(pipeline)
    if cost:
        from ecluse.cli.cost import cost_of

        click.echo(cost_of(folder, pipeline, chosen_event(pipeline, event, ref, os.environ), as_json=as_json))
        return
    wanted = wanted_pythons(pipeline.jobs, None)
    pythons = pythons_of(folder, wanted, os.environ)
    played = chosen_event(pipeline, event, ref, os.environ)
    planned = make_plan(pipeline, played, missing_pythons={*wanted} - pythons.keys())
    click.echo(
        json.dumps(plan_data(planned), indent=1, ensure_ascii=False)
        if as_json
        else plan_text(planned, terminal_width())
    )


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
    pipeline = _load(folder)
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
        raise RepositoryError(_nothing(planned), hint="./ecluse plan shows what each event runs, and why")
    if dry_run:
        _show_dry_run(folder, planned, pythons, no_cache, explain)
        return
    done = _execute(folder, planned, pythons, workers, fail_fast, no_cache, strict_inputs)
    if explain:
        click.echo("\n".join(_explained(done)))
    _judge(done)


@click.command()
@_run_options
def ship(workers: int, fail_fast: bool, no_cache: bool, strict_inputs: bool | None) -> None:
    """Check, test and roll out to this machine; print the site's address.

    Lint, checks and tests of what is checked out, then a release of it, put into service without losing a request.
    What has passed before and has not changed is not run again.

    \b
    Examples:
      ./ecluse ship
      ./ecluse ship --no-cache     run everything
      ./ecluse stop local          and stop the site
    """
    folder = top()
    pipeline = _load(folder)
    event = Event(kind="ship")
    wanted = wanted_pythons((job for job in pipeline.jobs if holds(job.when, event)), None)
    pythons = pythons_of(folder, wanted, os.environ)
    planned = make_plan(pipeline, event, missing_pythons={*wanted} - pythons.keys())
    places = [leg.job.environment for leg in planned.running if leg.job.environment is not None]
    if not places:
        raise RepositoryError(f"ship deploys nothing: {_nothing(planned)}", hint="see ./ecluse plan --event ship")
    _judge(_execute(folder, planned, pythons, workers, fail_fast, no_cache, strict_inputs))
    for environment in pipeline.environments:
        if environment.name in places:
            click.echo("\n" + "\n".join(_served(pipeline, environment, _address(folder, pipeline, environment))))


def _load(folder: Path) -> Pipeline:
    """The pipeline of the repository in *folder*, whose jobs name inputs that are there."""
    from ecluse.run.inputs import check

    pipeline = pipeline_in(folder)
    check(pipeline, folder)
    return pipeline


def _execute(
    folder: Path,
    planned: Plan,
    pythons: Mapping[str, str],
    workers: int,
    fail_fast: bool,
    no_cache: bool,
    strict_inputs: bool | None,
) -> Run:
    from ecluse.run.execution import RunOptions
    from ecluse.run.execution import run as run_plan

    provider = provider_of(os.environ)
    strict = provider is not None if strict_inputs is None else strict_inputs
    options = RunOptions(workers=workers, fail_fast=fail_fast, cache=not no_cache, strict_inputs=strict)
    environ = dict(os.environ)
    done = run_plan(planned, top=folder, environ=environ, console=_console(provider), options=options, pythons=pythons)
    if provider is not None:
        _publish(done, folder, provider, environ)
    return done


def _publish(done: Run, folder: Path, provider: Provider, environ: Mapping[str, str]) -> None:
    """Show the run where the provider has more than a log: annotations and a summary."""
    from ecluse.run.failures import failures
    from ecluse.run.markdown import summary

    files: Collection[str] = ()
    with suppress(RepositoryError):  # then paths are shown as the tools print them
        files = git.tree(folder).files
    _say(provider.annotate(failures(done, files)))
    provider.summarise(environ, summary(done))


def _served(pipeline: Pipeline, environment: Environment, address: str) -> Iterator[str]:
    """The lines that a person needs next: the address, an account, the logs, the end."""
    name = environment.name
    yield f"{name} serves at {click.style(address, bold=True)}"
    if urlsplit(environment.url).port not in (None, urlsplit(address).port):
        yield f"  {environment.url} was taken by another program when {name} first listened"
    if pipeline.release is not None and "manage.py" in pipeline.release.files:
        yield f"  make an account:  ./ecluse exec {name} python manage.py createsuperuser"
    yield f"  follow the logs:  ./ecluse logs {name} -f"
    yield f"  stop the site:    ./ecluse stop {name}"


def _address(folder: Path, pipeline: Pipeline, environment: Environment) -> str:
    """The address of *environment*, as its target knows it (a port may have been taken); before the first rollout, as
    defined.
    """
    from ecluse.deploy.contract import Context
    from ecluse.deploy.targets import opened

    if environment.host:
        return environment.url
    with opened(Context(pipeline, environment, folder, os.environ)) as target:
        try:
            return target.controls.url
        except TargetError:
            return environment.url


def _console(provider: Provider | None) -> Console:
    """The console for this output: a table on a terminal, lines elsewhere."""
    if sys.stdout.isatty() and provider is None and os.environ.get("TERM") != "dumb":
        from rich.console import Console as Terminal

        from ecluse.run.live import LiveConsole

        return LiveConsole(Terminal())
    from ecluse.run.console import PlainConsole

    return PlainConsole(_say, provider, colours=not os.environ.get("NO_COLOR"))


def _say(text: str) -> None:
    # At once: whoever follows the log of a job must see where it is.
    sys.stdout.write(text)
    sys.stdout.flush()


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


def _judge(done: Run) -> None:
    """Raise an error unless every leg passed; the reports are written before."""
    if done.interrupted:
        raise Interrupted("interrupted; running jobs were ended")
    if not done.ok:
        names = ", ".join(outcome.leg.name for outcome in done.failed)
        raise JobFailed(f"{names} failed", hint=f"./ecluse report {done.id} --open shows everything")


def _nothing(planned: Plan) -> str:
    reasons = dict.fromkeys(leg.reason for leg in planned.legs if leg.reason != "not asked for")
    return f"nothing to run: {'; '.join(reasons)}"
