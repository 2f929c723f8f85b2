"""``ecluse provision`` and ``ecluse plan provision``: an empty server, prepared for a site."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from ecluse.cli.environments import as_json, environment_argument, named, say
from ecluse.cli.project import pipeline_in, top
from ecluse.definition.model import Environment, Pipeline, Provision

if TYPE_CHECKING:
    from ecluse.remote.provision import Provisioned

__all__ = ["plan_provision", "provision"]


_removing = click.option("--remove", is_flag=True, help="Take away what provision has written; accounts and data stay.")


@click.command("provision")
@environment_argument
@_removing
@as_json
def plan_provision(environment: str, remove: bool, json_: bool) -> None:
    """Show what `ecluse provision` would change on the machine of ENVIRONMENT. Changes nothing.

    \b
    Examples:
      ./ecluse plan provision production
      ./ecluse plan provision production --remove    what would be taken away, and what stays
    """
    from ecluse.remote.provision import outlook

    _show(outlook(*_wanted(environment), os.environ, remove=remove), json_, "nothing would change")


@click.command()
@environment_argument
@_removing
@as_json
def provision(environment: str, remove: bool, json_: bool) -> None:
    """Prepare the machine of ENVIRONMENT, an empty Debian 12 or 13: packages, accounts, SSH server, firewall, upgrades,
    the start of the site with the machine, and nginx with its certificate if pipeline.py has a front server.

    The second time nothing changes. If nobody could sign in any more, the SSH server and the firewall are put back.

    \b
    Examples:
      ./ecluse plan provision production    what would change
      ./ecluse provision production
      ./ecluse provision production --remove
    """
    from ecluse.remote.provision import provision as prepare

    _show(prepare(*_wanted(environment), os.environ, say, remove=remove), json_, "nothing has changed")


def _wanted(name: str) -> tuple[Pipeline, Environment, Provision]:
    pipeline = pipeline_in(top())
    found = named(pipeline, name)
    if found.provision is None:
        raise click.UsageError(f"{name} has no provision in pipeline.py")
    return pipeline, found, found.provision


def _show(prepared: Provisioned, json_: bool, unchanged: str) -> None:
    if json_:
        click.echo(json.dumps({"changes": dict(prepared.changes), "notes": prepared.notes}, indent=1))
        return
    for item, change in prepared.changes.items():
        click.echo(click.style(item, bold=True))
        click.echo("\n".join(f"    {line}" for line in change.splitlines()))
    if not prepared.changes:
        click.echo(unchanged)
    for note in prepared.notes:
        click.echo(note)
