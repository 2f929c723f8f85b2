"""``ecluse package``, and everything about what an environment serves: deploy, rollback, front, status, history, logs,
exec, start, stop, unlock.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ecluse.cli import job_summary
from ecluse.cli.repository import top
from ecluse.definition.load import load
from ecluse.definition.model import Environment, Pipeline
from ecluse.deploy import sentry
from ecluse.deploy.contract import Ledger
from ecluse.deploy.history import Kind, Record
from ecluse.deploy.rollout import Progress, Request, recover, roll_out
from ecluse.deploy.targets import TARGETS, Managed, Place
from ecluse.errors import DefinitionError, LockHeld, PreflightError, RolloutError, TargetError
from ecluse.release.archive import package as make
from ecluse.services.kinds import unknown_kinds

__all__ = [
    "deploy",
    "exec_",
    "front",
    "history",
    "logs",
    "package",
    "plan_deploy",
    "rollback",
    "start",
    "status",
    "stop",
    "unlock",
]

as_json = click.option("--json", "json_", is_flag=True, help="Print JSON on standard output.")
environment_argument = click.argument("environment", metavar="ENVIRONMENT")


@click.command()
@as_json
def package(json_: bool) -> None:
    """Make a release of what is checked out: source, locked requirements, static files. Prints its id.

    The id comes from the content: the same content is the same release, and is not made again.

    \b
    Examples:
      ./ecluse package
      ./ecluse package --json    with its digest and the commit
    """
    folder = top()
    spec = _pipeline(folder).release
    if spec is None:
        raise DefinitionError(
            "the pipeline has no release", where="pipeline.py", hint="give it release=ReleaseSpec(...)"
        )
    made = make(folder, spec, _store(folder), os.environ, say=_say)
    click.echo(json.dumps(made.manifest(), indent=1) if json_ else made.id)


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


@click.command("deploy")
@environment_argument
@release_option
@allow_option
@as_json
def plan_deploy(environment: str, name: str | None, allowed: tuple[str, ...], json_: bool) -> None:
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

    with opened(environment) as place:
        target = place.target
        release = target.find(name) if name else target.newest()
        found = outlook(target, target.ledger(), environment, release, allowed)
    click.echo(json.dumps(found.as_json(), indent=1) if json_ else outlook_text(found))
    sys.exit(0 if found.goes else PreflightError.exit_code)


@click.command()
@environment_argument
@release_option
@allow_option
@as_json
def deploy(environment: str, name: str | None, allowed: tuple[str, ...], json_: bool) -> None:
    """Roll a release out to ENVIRONMENT without losing a request, or leave things as they were.

    \b
    Examples:
      ./ecluse deploy local                                    the release packaged last
      ./ecluse deploy local --release 4f1c22aa90b3             that one
      ./ecluse deploy local --allow-migration store.0007       though it drops what the old release uses
      ./ecluse deploy staging                                  the images of the commit that is checked out
      ./ecluse deploy production --release sha256:4f1c…        this image, and no other

    Exit codes: 5 no such release, 6 the rollout failed, 7 another one is under way, 10 the target is not in a state
    to take one, 11 the release was refused before anything changed, 130 stopped. What serves is said each time.
    """
    with job_summary.reason(os.environ, "deploy", environment), opened(environment) as place:
        release = place.target.find(name) if name else place.target.newest()
        place.roll_out("deploy", release, allowed, json_=json_)


@click.command()
@environment_argument
@click.option("--to", "name", metavar="ID", help="Another kept release than the one before.")
@as_json
def rollback(environment: str, name: str | None, json_: bool) -> None:
    """Go back to the release before, which was kept: as fast as two processes start.

    Refused where the database has moved past that release: migrations are not undone.

    \b
    Examples:
      ./ecluse rollback local
      ./ecluse rollback local --to 4f1c22aa90b3
    """
    with job_summary.reason(os.environ, "rollback", environment), opened(environment) as place:
        release = place.target.find(name) if name else _before(place)
        if not place.target.kept(release):
            raise RolloutError(
                f"release {release} is not kept any more", hint=f"./ecluse deploy {environment} --release {release}"
            )
        place.roll_out("rollback", release, (), json_=json_)


@click.command()
@environment_argument
@as_json
def status(environment: str, json_: bool) -> None:
    """Show what ENVIRONMENT serves, asked of its processes. Exits with 1 where that is not one healthy release.

    \b
    Examples:
      ./ecluse status local
      ./ecluse status local --json
    """
    with opened(environment) as place:
        target = place.target
        processes = target.processes()
        serving = sorted({str(one["release"]) for one in processes})
        healthy = len(serving) == 1 and target.healthy(serving[0])
        journal, holder, closed = target.ledger().journal(), target.holder(), target.maintenance()
        found: dict[str, Any] = {
            "environment": environment,
            "address": target.url if processes else None,
            "serving": serving[0] if len(serving) == 1 else serving,
            "commit": target.commit(serving[0]) if len(serving) == 1 else None,
            "healthy": healthy,
            "processes": processes,
            "rollout": str(holder) if holder else None,
            "interrupted": journal.as_json() if journal and not holder else None,
            "maintenance": closed.as_json() if closed else None,
        }
    if json_:
        click.echo(json.dumps(found, indent=1))
    else:
        click.echo(f"{environment}: {_state(serving, healthy)}" + (f" at {found['address']}" if serving else ""))
        for one in processes:
            ready = "ready" if one["ready"] else "not ready"
            who = f"{one['task']} on {one['node']}" if "task" in one else f"process {one['pid']}"
            click.echo(f"  {one['release']}  {one['state']}, {ready}, {who}, for {one['seconds']} s")
        if closed:
            click.echo(f"  visitors get the maintenance page, since {_when(closed.since)} by {closed.by}")
        if holder:
            click.echo(f"  a rollout is under way: {holder}")
        elif journal:
            click.echo(f"  the rollout of {journal.release} was interrupted; the next deploy or rollback ends it")
    sys.exit(0 if healthy else 1)


@click.command()
@environment_argument
@click.option("-n", "--number", default=20, show_default=True, help="How many, the newest last.")
@as_json
def history(environment: str, number: int, json_: bool) -> None:
    """Show the rollouts of ENVIRONMENT: what, when, by whom, how long each step took, how it ended.

    \b
    Examples:
      ./ecluse history local
      ./ecluse history local --json
    """
    with opened(environment) as place:
        records = place.target.ledger().history()[-number:]
    if json_:
        click.echo(json.dumps([record.as_json() for record in records], indent=1))
        return
    if not records:
        _say(f"{environment} has had no rollout yet")
    for record in records:
        what = f"{record.kind:<8}  {record.release}  {record.outcome:<9}"
        click.echo(f"{_when(record.began)}  {what}  {record.seconds:6.2f} s  {record.by}")
        click.echo("    " + "  ".join(f"{step} {seconds:.2f}" for step, seconds in record.steps.items()))
        if record.reason:
            click.echo("\n".join(f"    {line}" for line in record.reason.splitlines()))


@click.command()
@environment_argument
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added, until Ctrl-C.")
@click.option("-n", "--lines", default=50, show_default=True, help="How many of the last lines of each file.")
@click.option(
    "--of",
    "what",
    default="web",
    show_default=True,
    help="web; on a server a worker's name, postgres, migrate or supervisord as well; in a swarm any service.",
)
def logs(environment: str, follow: bool, lines: int, what: str) -> None:
    """Show what the processes of ENVIRONMENT printed.

    \b
    Examples:
      ./ecluse logs local
      ./ecluse logs local -f
      ./ecluse logs local --of postgres
      ./ecluse logs staging --of worker
    """
    with opened(environment) as place:
        code = place.target.logs(what, lines, follow)
    sys.exit(code)


@click.command("exec", context_settings={"ignore_unknown_options": True})
@environment_argument
@click.option("--of", "what", default="web", show_default=True, help="In a swarm, the service to run it in.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(environment: str, what: str, command: tuple[str, ...]) -> None:
    """Run COMMAND where the release of ENVIRONMENT runs, with its settings and secrets. Exits as it does.

    \b
    Examples:
      ./ecluse exec local python manage.py shell
      ./ecluse exec staging python manage.py createsuperuser
    """
    with opened(environment) as place:
        code = place.target.exec(what, command, terminal=sys.stdin.isatty() and sys.stdout.isatty())
    sys.exit(code)


@click.command()
@environment_argument
def front(environment: str) -> None:
    """Set the front server of ENVIRONMENT up, or change it to what the stack file says now. Only for a swarm.

    A rollout sets it up where it is missing, and leaves it alone ever after: it has the machine's ports, and replacing
    it is the one thing that visitors notice, for a second.

    \b
    Example:
      ./ecluse front staging
    """
    from ecluse.deploy.targets.swarm import Swarm

    with opened(environment) as place:
        if not isinstance(place.target, Swarm):
            raise TargetError(
                f"{environment} is a {place.environment.target}: its front server is your own nginx",
                hint="change it in the configuration of that nginx",
            )
        with place.held("front"):
            place.target.front()
    click.echo(f"the front server of {environment} runs")


@click.command()
@environment_argument
@as_json
def start(environment: str, json_: bool) -> None:
    """Start the release that ENVIRONMENT served last: after `stop`, or after its machine was started again.

    What serves already goes on, and a rollout that was interrupted is ended first.

    \b
    Example:
      ./ecluse start production
    """
    with opened(environment) as place:
        place.roll_out("deploy", None, (), json_=json_)


@click.command()
@environment_argument
def stop(environment: str) -> None:
    """Stop ENVIRONMENT: requests are finished, then the site ends, its database, and all that belongs to it. Nothing is
    deleted.

    \b
    Example:
      ./ecluse stop local      and `./ecluse start local` starts it again
    """
    with opened(environment) as place, place.held("stop") as ledger:
        place.target.stop()
        # What an interrupted rollout had begun has ended with the rest: there is nothing to go on with.
        ledger.clear()
    click.echo(f"{environment} is stopped")


@click.command()
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
    with opened(environment) as place:
        holder = place.target.holder()
        if holder is not None and not force:
            raise LockHeld(
                f"a rollout is under way: {holder}", hint="./ecluse unlock --force takes its lock away all the same"
            )
        place.target.unlock()
    click.echo(f"the lock of {holder} is removed" if holder else f"nobody holds the lock of {environment}")


class Opened:
    """An environment of this repository's pipeline, and the target that it is on."""

    def __init__(self, environment: Environment, target: Managed) -> None:
        self.environment, self.target = environment, target

    @contextmanager
    def held(self, what: str, commit: str | None = None) -> Iterator[Ledger]:
        """Hold the environment's lock; yields the ledger to write to."""
        with self.target.held(who=user(), host=socket.gethostname(), what=what, commit=commit) as ledger:
            yield ledger

    def roll_out(self, kind: Kind, release: str | None, allowed: Sequence[str], *, json_: bool) -> None:
        """The whole command, from the lock to what is printed at the end, and to who else is told. Without *release*
        it is the one that served last.
        """
        release, record = self._roll_out(kind, release, allowed)
        job_summary.succeeded(os.environ, kind, self.environment.name, release, record)
        if record is not None:
            sentry.tell(record, self.environment.name, self.target.url, os.environ, _say)
        url = self.target.url
        if json_:
            unchanged = {"release": release, "outcome": "unchanged", "serving": release}
            click.echo(json.dumps({**(record.as_json() if record else unchanged), "address": url}, indent=1))
            return
        took = f"serves after {record.seconds:.1f} s" if record else "serves already"
        _say(f"release {release} {took}")
        click.echo(url)

    def _roll_out(self, kind: Kind, release: str | None, allowed: Sequence[str]) -> tuple[str, Record | None]:
        progress = Progress(done=lambda step, seconds: _say(f"  {step:<10} {seconds:6.2f} s"))
        commit = self.target.commit(release) if release else None
        with self.held(f"{kind} of {release or 'what served last'}", commit) as ledger:
            ended = recover(self.target, ledger, progress=progress)
            if ended is not None:
                _say(f"the rollout of {ended.release} that was interrupted is {_ended(ended)}")
            if release is None:
                release = _served_last(ledger, self.environment.name)
                commit = self.target.commit(release)
            _say(f"{kind} of release {release} to {self.environment.name}")
            request = Request(
                release=release,
                kind=kind,
                by=f"{user()}@{socket.gethostname()}",
                commit=commit,
                watch=self.environment.watch,
                allowed=tuple(allowed),
            )
            return release, roll_out(self.target, ledger, request, progress=progress)


@contextmanager
def opened(name: str) -> Iterator[Opened]:
    """The environment *name*, for as long as the context lasts."""
    folder = top()
    pipeline = _pipeline(folder)
    environment = _environment(pipeline, name)
    with TARGETS[environment.target](Place(pipeline, environment, folder, os.environ, _say)) as target:
        yield Opened(environment, target)


def _before(place: Opened) -> str:
    """The release to go back to: what the last rollout to succeed took the place of."""
    for record in reversed(place.target.ledger().history()):
        if record.outcome == "succeeded" and record.previous not in (None, record.release):
            assert record.previous is not None
            return record.previous
    raise RolloutError(
        f"{place.environment.name} has had no release before this one",
        hint=f"./ecluse history {place.environment.name} shows all",
    )


def _served_last(ledger: Ledger, environment: str) -> str:
    """The release that the rollout before left in service."""
    for record in reversed(ledger.history()):
        if record.serving is not None:
            return record.serving
    raise RolloutError(f"{environment} has never served anything", hint=f"./ecluse deploy {environment}")


def _pipeline(folder: Path) -> Pipeline:
    return load(folder / "pipeline.py", unknown_kinds)


def _environment(pipeline: Pipeline, name: str) -> Environment:
    for environment in pipeline.environments:
        if environment.name == name:
            return environment
    known = ", ".join(environment.name for environment in pipeline.environments)
    raise click.UsageError(f"no environment {name!r} in pipeline.py (there are: {known or 'none'})")


def _store(folder: Path) -> Path:
    return folder / ".ecluse" / "releases"


def user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container started with a bare number as its user
        return str(os.getuid())


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _say(line: str) -> None:
    click.echo(line, err=True)


def _state(serving: Sequence[str], healthy: bool) -> str:
    if not serving:
        return "stopped"
    return f"release {' and '.join(serving)}, {'healthy' if healthy else 'NOT healthy'}"


def _ended(record: Record) -> str:
    if record.outcome == "succeeded":
        return "finished"
    return f"{record.outcome}; {'release ' + record.serving if record.serving else 'nothing'} serves"
