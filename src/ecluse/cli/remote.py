"""The commands that only environments with a host have: host-key, follow."""

from __future__ import annotations

import os

import click

from ecluse.cli.elsewhere import Elsewhere
from ecluse.cli.environments import environment_argument, named, say
from ecluse.cli.project import pipeline_in, top
from ecluse.definition.model import Environment
from ecluse.errors import TargetError

__all__ = ["follow", "host_key"]


@click.command("host-key")
@environment_argument
def host_key(environment: str) -> None:
    """Print the public key that the machine of ENVIRONMENT shows, as the line that pins it in pipeline.py.

    Compare its fingerprint with the one that the machine's own console shows, or your provider's page: only then is it
    known that nobody is in between. No other command ever asks for a key.

    \b
    Example:
      ./ecluse host-key production
    """
    from ecluse.remote.host_key import fingerprint, shown_key
    from ecluse.remote.line import Reach

    found = _with_host(environment)
    reach = Reach.of(found, os.environ)
    key = shown_key(reach, os.environ)
    say(f"{reach.name} shows {fingerprint(key, os.environ)}")
    say("on its console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub shows the same")
    click.echo(f'host_key="{key}",')
    if reach.host_key and " ".join(reach.host_key.split()[:2]) != key:
        raise TargetError(
            "this is not the key that is pinned in pipeline.py",
            where=reach.name,
            hint="if the server was not reinstalled, somebody may be intercepting the connection",
        )


@click.command()
@environment_argument
def follow(environment: str) -> None:
    """Show the rollout (or stop) of ENVIRONMENT that was begun last, from its beginning to its end.

    It goes on where its caller went away or the line was cut. Ctrl-C ends this command alone.

    \b
    Example:
      ./ecluse follow production
    """
    found = _with_host(environment)
    folder = top()
    raise click.exceptions.Exit(Elsewhere(folder, pipeline_in(folder), found).follow())


def _with_host(name: str) -> Environment:
    found = named(pipeline_in(top()), name)
    if not found.host:
        raise click.UsageError(f"{name} has no host in pipeline.py: it is not reached by SSH")
    return found
