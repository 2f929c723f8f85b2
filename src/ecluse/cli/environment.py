"""The commands that show an environment, and run something in it: status, history, logs, exec."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from ecluse.cli.elsewhere import OfEnvironment, OfEnvironmentFirst
from ecluse.cli.environments import as_json, environment_argument, opened, say, superuser
from ecluse.cli.times import ago
from ecluse.definition.model import Environment
from ecluse.deploy.last_backup import LastBackup
from ecluse.deploy.session import Session
from ecluse.deploy.status import Status, status_of
from ecluse.errors import EcluseError

if TYPE_CHECKING:
    from ecluse.monitoring.alerts import Alert

__all__ = ["exec_", "history", "logs", "status"]


@click.command(cls=OfEnvironment)
@environment_argument
@as_json
def status(environment: str, json_: bool) -> None:
    """Show what ENVIRONMENT serves, asked of its processes. Exits with 1 where that is not one healthy release.

    \b
    Examples:
      ./ecluse status local
      ./ecluse status local --json
    """
    with opened(environment) as session:
        found = status_of(session.target, environment, _alerts(session.environment), _backup(session))
    click.echo(json.dumps(found.as_json(), indent=1) if json_ else "\n".join(_lines(found)))
    sys.exit(0 if found.healthy else 1)


@click.command(cls=OfEnvironment)
@environment_argument
@click.option(
    "-n", "--number", type=click.IntRange(min=1), default=20, show_default=True, help="How many, the newest last."
)
@as_json
def history(environment: str, number: int, json_: bool) -> None:
    """Show the rollouts of ENVIRONMENT: what, of which commit, when, by whom, how it ended.

    \b
    Examples:
      ./ecluse history local
      ./ecluse history local --json
    """
    with opened(environment) as session:
        records = session.target.records.ledger().history()[-number:]
    if json_:
        click.echo(json.dumps([record.as_json() for record in records], indent=1))
        return
    if not records:
        say(f"{environment} has had no rollout yet")
    for record in records:
        what = f"{record.kind:<8}  {record.release}  {record.outcome:<9}"
        commit = f"  commit {record.commit[:12]}" if record.commit else ""
        click.echo(f"{_when(record.began)}  {what}  {record.seconds:6.2f} s  {record.by}{commit}")
        click.echo("    " + "  ".join(f"{step} {seconds:.2f}" for step, seconds in record.steps.items()))
        if record.dump:
            click.echo(f"    dump {record.dump} was taken before its migrations")
        if record.restored:
            click.echo(f"    the database went back to dump {record.restored}")
        if record.reason:
            click.echo("\n".join(f"    {line}" for line in record.reason.splitlines()))


@click.command(cls=OfEnvironment)
@environment_argument
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added, until Ctrl-C.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="How many of the last lines of each file.",
)
@click.option(
    "--of",
    "what",
    default="web",
    show_default=True,
    help="web; on a server also a worker's name, postgres, migrate or supervisord; in a swarm any service, migrate or "
    "preflight.",
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
    with opened(environment) as session:
        code = session.target.controls.logs(what, lines, follow)
    sys.exit(code)


@click.command("exec", cls=OfEnvironmentFirst, context_settings={"ignore_unknown_options": True})
@environment_argument
@click.option("--of", "what", default="web", show_default=True, help="In a swarm, the service to run it in.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(environment: str, what: str, command: tuple[str, ...]) -> None:
    """Run COMMAND where the release of ENVIRONMENT runs, with its settings and secrets. Exits as it does.

    It also gets the variables DJANGO_SUPERUSER_… of this shell, for `createsuperuser --noinput`.

    \b
    Examples:
      ./ecluse exec local python manage.py shell
      ./ecluse exec staging python manage.py createsuperuser
    """
    with opened(environment) as session:
        code = session.target.controls.exec(
            what,
            command,
            terminal=sys.stdin.isatty() and sys.stdout.isatty(),
            variables=superuser(os.environ),
        )
    sys.exit(code)


def _alerts(environment: Environment) -> Sequence[Alert] | None:
    """The alerts that are raised; None where nobody watches."""
    if environment.monitoring is None:
        return None
    from ecluse.monitoring.alerts import raised

    return raised()


def _backup(session: Session) -> LastBackup | None:
    """The last proof of the backups; None where there are none, or where nothing serves."""
    if session.environment.backup is None:
        return None
    with suppress(EcluseError):  # nothing serves, or what serves is not kept
        return LastBackup.read(session.target.controls.data().folder)
    return None


def _lines(found: Status) -> Iterator[str]:
    """The status for people."""
    yield f"{found.environment}: {_state(found)}" + (f" at {found.address}" if found.serving else "")
    for one in found.processes:
        ready = "ready" if one["ready"] else "not ready"
        who = f"{one['task']} on {one['node']}" if "task" in one else f"process {one['pid']}"
        yield f"  {one['release']}  {one['state']}, {ready}, {who}, for {one['seconds']} s"
    yield from (f"  {line}" for line in found.drift)
    yield from (f"  {alert}" for alert in found.alerts or ())
    yield from (f"  {line}" for line in _of_backup(found.backup))
    if found.maintenance:
        yield f"  visitors get the maintenance page, since {_when(found.maintenance.since)} by {found.maintenance.by}"
    if found.holder:
        yield f"  a rollout is under way: {found.holder}"
    elif found.journal:
        yield f"  the rollout of {found.journal.release} was interrupted; the next deploy or rollback ends it"


def _of_backup(last: LastBackup | None) -> Iterator[str]:
    if last is None:
        return
    now = time.time()
    if last.proved is None:
        yield "no backup is proved"
    else:
        saved = "" if last.saved is None else f" saved {ago(now - last.saved)},"
        yield f"backup {last.id}{saved} proved {ago(now - last.proved)}"
    if last.failed is not None:
        yield f"the last backup, or proof, FAILED {ago(now - last.failed)}: {last.why.partition(chr(10))[0]}"


def _state(found: Status) -> str:
    if not found.serving:
        return "stopped"
    return f"release {' and '.join(found.serving)}, {'healthy' if found.healthy else 'NOT healthy'}"


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
