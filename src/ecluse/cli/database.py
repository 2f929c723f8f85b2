"""``ecluse db``: a throwaway PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path

import click

from ecluse.errors import ServiceError
from ecluse.machine import process
from ecluse.services import libpq
from ecluse.services.kinds import POSTGRES
from ecluse.services.order import VARIABLE, parse
from ecluse.services.sources import OWN_SOURCES, choose, own
from ecluse.services.throwaway import stop_kept

__all__ = ["db"]


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--keep", is_flag=True, help="Leave it running; print how to stop it.")
@click.option("--stop", "stop", metavar="FOLDER", help="Stop one that was kept, and delete it.")
@click.option("--postgres", metavar="ORDER", help=f"Sources to try: embedded, container (also: {VARIABLE}).")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object: url, source, and stop where it is kept.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def db(keep: bool, stop: str | None, postgres: str | None, as_json: bool, command: tuple[str, ...]) -> int:
    """Give a throwaway, empty PostgreSQL and print its address; it is gone at Ctrl-C.

    With COMMAND: run that with DATABASE_URL set, and end with its exit code.

    \b
    Examples:
      ./ecluse db                               its address, until Ctrl-C
      ./ecluse db -- python manage.py migrate   one command with a database of its own
      ./ecluse db -- psql                       a session in it (psql finds it too)
      ./ecluse db --keep                        leave it running in the background
      ./ecluse db --postgres container          in a container, not embedded
    """
    if stop is not None:
        _stop(Path(stop))
        return 0
    if keep and command:
        raise click.UsageError("--keep is for a database without a COMMAND")
    source = choose(POSTGRES, os.environ, _order(postgres))
    if keep:
        _show(as_json, source, *OWN_SOURCES[source].keep(POSTGRES, os.environ))
        return 0
    with OWN_SOURCES[source].empty(POSTGRES, os.environ) as url:
        if command:
            return process.attached(
                command, env={**libpq.without(os.environ), "DATABASE_URL": url, **libpq.variables(url)}
            )
        _show(as_json, source, url, None)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


def _order(asked: str | None) -> tuple[str, ...]:
    text = asked or os.environ.get(VARIABLE) or ",".join(OWN_SOURCES)
    order = parse(text, where="--postgres" if asked else VARIABLE)
    if not own(order):
        raise ServiceError(
            "a throwaway database cannot come from the source 'given'",
            where="--postgres",
            hint=f"name one or more of {', '.join(OWN_SOURCES)}",
        )
    return own(order)


def _stop(folder: Path) -> None:
    if not stop_kept(folder):
        raise ServiceError(
            "that folder has no database of `ecluse db --keep`",
            where=str(folder),
            hint="name the folder that it printed",
        )


def _show(as_json: bool, source: str, url: str, stop: str | None) -> None:
    if as_json:
        click.echo(json.dumps({"url": url, "source": source} | ({"stop": stop} if stop else {})))
    else:
        click.echo(url)
        click.echo(f"Stop it with: {stop}" if stop else "Ctrl-C ends it.", err=True)
