"""``ecluse ship``: the jobs of this machine's own event, then what a person needs next."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from ecluse.cli.execute import execute, judge, nothing, run_options
from ecluse.cli.project import checked_pipeline_in, top
from ecluse.cli.selection import pythons_of, wanted_pythons
from ecluse.definition.conditions import holds
from ecluse.definition.model import Environment, Event, Pipeline
from ecluse.definition.plan import plan as make_plan
from ecluse.errors import EcluseError, ReleaseError, RepositoryError

__all__ = ["ship"]


@click.command()
@run_options
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
    pipeline = checked_pipeline_in(folder)
    event = Event(kind="ship")
    wanted = wanted_pythons((job for job in pipeline.jobs if holds(job.when, event)), None)
    pythons = pythons_of(folder, wanted, os.environ)
    planned = make_plan(pipeline, event, missing_pythons={*wanted} - pythons.keys())
    places = [leg.job.environment for leg in planned.running if leg.job.environment is not None]
    if not places:
        raise RepositoryError(f"ship deploys nothing: {nothing(planned)}", hint="see ./ecluse plan --event ship")
    judge(execute(folder, planned, pythons, workers, fail_fast, no_cache, strict_inputs))
    for environment in pipeline.environments:
        if environment.name in places:
            address, drift, lacking = _found(folder, pipeline, environment)
            click.echo("\n" + "\n".join(_served(pipeline, environment, address, drift, lacking)))


def _served(
    pipeline: Pipeline, environment: Environment, address: str, drift: Sequence[str], lacking: Sequence[str]
) -> Iterator[str]:
    """The lines that a person needs next: the address, what visitors do not get, an account, the logs, the end."""
    name = environment.name
    yield f"{name} serves at {click.style(address, bold=True)}"
    yield from (f"  {line}" for line in drift)
    if not drift and urlsplit(environment.url).port not in (None, urlsplit(address).port):
        yield f"  {environment.url} was taken by another program when {name} first listened"
    yield from (click.style(f"  {line}", fg="yellow") for line in lacking)
    if pipeline.release is not None and "manage.py" in pipeline.release.files:
        yield f"  make an account:  ./ecluse exec {name} python manage.py createsuperuser"
    yield f"  follow the logs:  ./ecluse logs {name} -f"
    yield f"  stop the site:    ./ecluse stop {name}"


def _found(folder: Path, pipeline: Pipeline, environment: Environment) -> tuple[str, Sequence[str], Sequence[str]]:
    """The address of *environment*, as its target knows it (a port may have been taken), and how that differs from
    pipeline.py; before the first rollout, as defined. Then what the release lacks: builds, and pages or static files of
    the release before.
    """
    from ecluse.deploy.contract import Context
    from ecluse.deploy.targets import opened

    if environment.host:
        return environment.url, (), ()
    with opened(Context(pipeline, environment, folder, os.environ)) as target:
        try:
            lacking = [f"without {reason}" for reason in _not_built(folder, environment)]
            lacking += [warning for record in target.records.ledger().history()[-1:] for warning in record.warnings]
            return target.controls.url, target.controls.drift(), lacking
        except EcluseError:
            return environment.url, (), ()


def _not_built(folder: Path, environment: Environment) -> Sequence[str]:
    """The builds that the release packaged last lacks, with the reason of each."""
    if environment.target != "server":
        return ()
    from ecluse.release import archive

    try:
        return archive.latest(folder / ".ecluse" / "releases").without
    except ReleaseError:  # its jobs rolled out what they did not package here
        return ()
