"""``ecluse alerts``: whether people are told."""

from __future__ import annotations

import click

from ecluse.cli.elsewhere import OfEnvironment
from ecluse.cli.environments import environment_argument, named, say
from ecluse.cli.project import pipeline_in, top

__all__ = ["alerts"]


@click.group()
def alerts() -> None:
    """See that people are told of what is wrong."""


@alerts.command("test", cls=OfEnvironment)
@environment_argument
def test(environment: str) -> None:
    """Send a test alert to all receivers of ENVIRONMENT; a minute later they are told that it is over.

    Exits with 10 where somebody could not be told.

    \b
    Example:
      ./ecluse alerts test production
    """
    from ecluse.monitoring.alerts import send_test

    found = named(pipeline_in(top()), environment)
    if found.monitoring is None:
        raise click.UsageError(f"{environment} has no monitoring in pipeline.py")
    say(f"{environment}: told by {', '.join(send_test(found.monitoring, environment))}")
