"""``ecluse scale``: more or fewer tasks of a service."""

from __future__ import annotations

import click

from ecluse.cli.elsewhere import OfEnvironmentFirst
from ecluse.cli.environments import environment_argument, opened

__all__ = ["scale"]

_RELEASE = "default"


@click.command(cls=OfEnvironmentFirst)
@environment_argument
@click.argument("wanted", metavar="[SERVICE=NUMBER|SERVICE=default]...", nargs=-1)
def scale(environment: str, wanted: tuple[str, ...]) -> None:
    """Give services of ENVIRONMENT more or fewer tasks, now and in every rollout that follows. Only for a swarm.

    `default` takes the number back: the service has as many tasks as its release says. Without a service, the numbers
    are shown.

    \b
    Examples:
      ./ecluse scale production
      ./ecluse scale production web=4 worker=2
      ./ecluse scale production web=default
    """
    numbers = dict(_read(one) for one in wanted)
    with opened(environment) as session:
        lines = session.scale(numbers)
    click.echo("\n".join(lines))


def _read(text: str) -> tuple[str, int | None]:
    name, equals, number = text.partition("=")
    if name and equals and number == _RELEASE:
        return name, None
    if name and equals and number.isdecimal():
        return name, int(number)
    raise click.UsageError(f"{text!r} is not SERVICE=NUMBER, such as web=4, nor SERVICE={_RELEASE}")
