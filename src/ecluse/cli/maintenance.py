"""``ecluse maintenance``: a page in place of the site."""

from __future__ import annotations

import time

import click

from ecluse.cli.elsewhere import OfEnvironment
from ecluse.cli.environments import environment_argument, opened

__all__ = ["maintenance"]


@click.command(cls=OfEnvironment)
@click.argument("state", type=click.Choice(["on", "off"]))
@environment_argument
def maintenance(state: str, environment: str) -> None:
    """Give visitors of ENVIRONMENT a maintenance page (503, Retry-After), or the site again.

    The health addresses go on answering as they are; rollouts go on, and leave the page where it is. `ecluse status`
    shows it.

    \b
    Examples:
      ./ecluse maintenance on production
      ./ecluse maintenance off production
    """
    with opened(environment) as session:
        changed = session.maintain(state == "on", round(time.time(), 3))
    same = "" if changed else " still"
    what = "the maintenance page" if state == "on" else "the site"
    click.echo(f"visitors of {environment}{same} get {what}")
