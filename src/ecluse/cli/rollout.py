"""The commands that change what an environment serves: deploy, rollback, start, stop, front, unlock."""

from __future__ import annotations

import json
import os
import sys

import click

from ecluse.cli import job_summary
from ecluse.cli.elsewhere import OfEnvironment
from ecluse.cli.environments import as_json, environment_argument, opened, show
from ecluse.errors import PreflightError

__all__ = ["deploy", "front", "plan_deploy", "rollback", "start", "stop", "unlock"]

release_option = click.option(
    "--release",
    "name",
    metavar="ID",
    help="A kept release, a packaged one or an image's digest.  [default: packaged last; in a swarm, of this commit]",
)
allow_option = click.option(
    "--allow-migration",
    "allowed",
    multiple=True,
    metavar="APP.NUMBER",
    help="Run this migration although the release that serves cannot live with it.",
)
older_option = click.option(
    "--older", is_flag=True, help="Also where its commit does not descend from the one that serves."
)


@click.command("deploy", cls=OfEnvironment)
@environment_argument
@release_option
@allow_option
@older_option
@as_json
def plan_deploy(environment: str, name: str | None, allowed: tuple[str, ...], older: bool, json_: bool) -> None:
    """Show what `ecluse deploy` would roll out over what, and the SQL of the migrations that are pending. Nothing that
    serves, no database and no history is changed.

    \b
    Examples:
      ./ecluse plan deploy local
      ./ecluse plan deploy local --release 4f1c22aa90b3 --json

    Exits with 11 where the rollout would be refused.
    """
    from ecluse.cli.outlook import outlook_text
    from ecluse.deploy.outlook import outlook

    with opened(environment) as session:
        target = session.target
        release = target.catalogue.find(name) if name else target.catalogue.newest()
        ledger = target.records.ledger()
        order = None if older else session.out_of_order(release, ledger)
        found = outlook(target.operations, ledger, environment, release, allowed, order, target.controls.drift())
    click.echo(json.dumps(found.as_json(), indent=1) if json_ else outlook_text(found))
    sys.exit(0 if found.goes else PreflightError.exit_code)


@click.command(cls=OfEnvironment)
@environment_argument
@release_option
@allow_option
@older_option
@click.option(
    "--take-over", is_flag=True, help="Make the environment this repository's, although it belongs to another one."
)
@as_json
def deploy(
    environment: str, name: str | None, allowed: tuple[str, ...], older: bool, take_over: bool, json_: bool
) -> None:
    """Roll a release out to ENVIRONMENT without losing a request, or leave things as they were.

    \b
    Examples:
      ./ecluse deploy local                                    the release packaged last
      ./ecluse deploy local --release 4f1c22aa90b3             that one
      ./ecluse deploy local --allow-migration store.0007       though it drops what the old release uses
      ./ecluse deploy staging                                  the images of the commit that is checked out
      ./ecluse deploy production --release sha256:4f1c… --older   this image, of whatever commit
      ./ecluse deploy production --older                       though what serves is newer

    Exit codes: 5 no such release, 6 the rollout failed, 7 another one is under way, 10 the target is not in a state
    to take one, 11 the release was refused before anything changed, 130 stopped. What serves is said each time.
    """
    with job_summary.reason(os.environ, "deploy", environment), opened(environment, take_over=take_over) as session:
        show(session.deploy(name, allowed, older=older), json_)


@click.command(cls=OfEnvironment)
@environment_argument
@click.option("--to", "name", metavar="ID", help="Another kept release than the one before.")
@click.option("--with-data", is_flag=True, help="Also to the database as it was before the last migrations.")
@click.option("--yes", "sure", is_flag=True, help="Lose what --with-data has said.")
@as_json
def rollback(environment: str, name: str | None, with_data: bool, sure: bool, json_: bool) -> None:
    """Go back to the release before, which was kept: as fast as two processes start.

    Refused where the database has moved past that release: migrations are not undone. With --with-data, the dump that
    was taken before migrations without a way back takes the place of the database, and what was written since is
    lost: that is said, and done with --yes. Visitors have the maintenance page meanwhile.

    \b
    Examples:
      ./ecluse rollback local
      ./ecluse rollback local --to 4f1c22aa90b3
      ./ecluse rollback local --with-data             what would be lost; changes nothing
      ./ecluse rollback local --with-data --yes
    """
    if name and with_data:
        raise click.UsageError("--with-data goes to the release before the last migrations: leave out --to.")
    if sure and not with_data:
        raise click.UsageError("--yes is for --with-data.")
    with job_summary.reason(os.environ, "rollback", environment), opened(environment) as session:
        show(session.rollback_with_data(sure=sure) if with_data else session.rollback(name), json_)


@click.command(cls=OfEnvironment)
@environment_argument
def front(environment: str) -> None:
    """Set the front server of ENVIRONMENT up, or change it to what the stack file says now. Only for a swarm.

    A rollout sets it up where it is missing, and leaves it alone ever after: it has the machine's ports, and replacing
    it is the one thing that visitors notice. How long the door was closed is said; a front server that they do not get
    through is changed back.

    \b
    Example:
      ./ecluse front staging
    """
    with opened(environment) as session:
        session.front()
    click.echo(f"the front server of {environment} runs")


@click.command(cls=OfEnvironment)
@environment_argument
@as_json
def start(environment: str, json_: bool) -> None:
    """Start the release that ENVIRONMENT served last: after `stop`, or after its machine was started again.

    What serves already goes on, and a rollout that was interrupted is ended first.

    \b
    Example:
      ./ecluse start production
    """
    with opened(environment) as session:
        show(session.start(), json_)


@click.command(cls=OfEnvironment)
@environment_argument
def stop(environment: str) -> None:
    """Stop ENVIRONMENT: requests are finished, then the site ends, its database, and all that belongs to it. Nothing is
    deleted.

    \b
    Example:
      ./ecluse stop local      and `./ecluse start local` starts it again
    """
    with opened(environment) as session:
        session.stop()
    click.echo(f"{environment} is stopped")


@click.command(cls=OfEnvironment)
@environment_argument
@click.option(
    "--force", is_flag=True, help="Take it from a rollout that still runs, which then stops at its next step."
)
def unlock(environment: str, force: bool) -> None:
    """Remove the lock of a rollout that hangs. One that died holds none: the next command goes on from where it was.

    \b
    Examples:
      ./ecluse unlock local            says who holds it
      ./ecluse unlock local --force    takes it away
    """
    with opened(environment) as session:
        holder = session.unlock(force=force)
    click.echo(f"the lock of {holder} is removed" if holder else f"nobody holds the lock of {environment}")
