"""``ecluse maintenance``: a page in place of the site."""

from __future__ import annotations

import socket
import time

import click

from ecluse.cli.deploy import opened, user
from ecluse.deploy.maintenance import Maintenance

__all__ = ["maintenance"]


@click.command()
@click.argument("state", type=click.Choice(["on", "off"]))
@click.argument("environment", metavar="ENVIRONMENT")
def maintenance(state: str, environment: str) -> None:
    """Give visitors of ENVIRONMENT a maintenance page (503, Retry-After), or the site again.

    The health addresses go on answering as they are; rollouts go on, and leave the page where it is. `ecluse status`
    shows it.

    \b
    Examples:
      ./ecluse maintenance on production
      ./ecluse maintenance off production
    """
    with opened(environment) as place:
        before = place.target.maintenance()
        if state == "off":
            place.target.maintain(None)
        else:
            wanted = before or Maintenance(by=f"{user()}@{socket.gethostname()}", since=round(time.time(), 3))
            place.target.maintain(wanted)
    same = " still" if bool(before) == (state == "on") else ""
    what = "the maintenance page" if state == "on" else "the site"
    click.echo(f"visitors of {environment}{same} get {what}")
