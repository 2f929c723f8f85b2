"""The common part of commands about an environment: its name on the command line, and the session that does the
work.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from ecluse.backup.kept_dumps import KeptDumps
from ecluse.cli import job_summary
from ecluse.cli.project import pipeline_in, top
from ecluse.definition.model import Environment, Pipeline
from ecluse.deploy import sentry
from ecluse.deploy.ancestry import Descends
from ecluse.deploy.contract import Context
from ecluse.deploy.session import Ended, Person, Session
from ecluse.deploy.targets import opened as opened_target
from ecluse.errors import EcluseError
from ecluse.machine import git
from ecluse.secrets import Secret

__all__ = [
    "LEFT_OUT",
    "as_json",
    "environment_argument",
    "hear",
    "named",
    "names",
    "opened",
    "person",
    "say",
    "show",
    "superuser",
]

LEFT_OUT = "ecluse.environment-left-out"
"""The key of a command's context that is true where ENVIRONMENT was not written."""

as_json = click.option("--json", "json_", is_flag=True, help="Print JSON on standard output.")


def environment_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument ENVIRONMENT of *command*, which may be left out where the pipeline has one environment alone."""
    argument = click.argument(
        "environment", metavar="[ENVIRONMENT]", required=False, callback=_given_or_only, shell_complete=_begin_with
    )
    return argument(command)


def _given_or_only(ctx: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    if name is not None or ctx.resilient_parsing:
        return name
    known = names(pipeline_in(top()))
    if len(known) != 1:
        raise click.UsageError(f"which environment? pipeline.py has {', '.join(known) or 'none'}")
    ctx.meta[LEFT_OUT] = True
    say(f"environment {known[0]}: the only one of pipeline.py")
    return known[0]


def _begin_with(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    try:
        pipeline = pipeline_in(top())
    except EcluseError:  # a shell that completes a line shows no errors
        return []
    return [name for name in names(pipeline) if name.startswith(incomplete)]


def names(pipeline: Pipeline) -> list[str]:
    """The names of the environments of *pipeline*, in the order of definition."""
    return [environment.name for environment in pipeline.environments]


@contextmanager
def opened(name: str, *, take_over: bool = False) -> Iterator[Session]:
    """The environment *name* of this repository's pipeline, for as long as the context lasts. *take_over*: also where
    it belongs to another repository.
    """
    folder = top()
    pipeline = pipeline_in(folder)
    environment = named(pipeline, name)
    with opened_target(Context(pipeline, environment, folder, os.environ, say, take_over)) as target:
        # On a machine of one's own branches are tried one after the other; visitors get no change taken back.
        descends = _descends(folder, os.environ) if environment.faces_world else None
        tell = (hear, *_marks(pipeline, name))
        dumps = KeptDumps(target.controls.data, say)
        yield Session(target, environment, person(os.environ), say, tell, descends, dumps)


def say(line: str) -> None:
    """Print a line of progress: standard output has the result alone."""
    click.echo(line, err=True)


def show(ended: Ended, json_: bool) -> None:
    """Print how a rollout ended: the address for people, everything for programs."""
    if json_:
        click.echo(json.dumps(ended.as_json(), indent=1))
        return
    took = f"serves after {ended.record.seconds:.1f} s" if ended.record else "serves already"
    say(f"release {ended.release} {took}")
    for line in ended.record.warnings if ended.record else ():
        say(click.style(f"warning: {line}", fg="yellow"))
    click.echo(ended.url)


def hear(ended: Ended) -> None:
    """Tell the provider's summary and Sentry of a command that ended well."""
    job_summary.succeeded(os.environ, ended.kind, ended.environment, ended.release, ended.record)
    if ended.record is not None:
        sentry.tell(ended.record, ended.environment, ended.url, os.environ, say)


def named(pipeline: Pipeline, name: str) -> Environment:
    """The environment *name* of *pipeline*."""
    for environment in pipeline.environments:
        if environment.name == name:
            return environment
    known = ", ".join(names(pipeline))
    raise click.UsageError(f"no environment {name!r} in pipeline.py (there are: {known or 'none'})")


def person(environ: Mapping[str, str]) -> Person:
    """The person who gives the command; where it was given on another machine, the person there."""
    name, _, host = environ.get("ECLUSE_BY", "").partition("@")
    return Person(name, host) if name and host else Person(_user(), socket.gethostname())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container started with a bare number as its user
        return str(os.getuid())


def _descends(folder: Path, environ: Mapping[str, str]) -> Descends:
    """The order of commits, as the repository in *folder* has it; on a server, as the caller's repository has it."""
    told = environ.get("ECLUSE_DESCENDS")
    if told is None:
        return partial(git.descends, folder)
    answers: Mapping[str, bool | None] = json.loads(told)
    return lambda commit, other: answers.get(other)


def _marks(pipeline: Pipeline, environment: str) -> Iterator[Callable[[Ended], None]]:
    """The mark that a rollout leaves on images which may be promoted once *environment* has served them."""
    spec = pipeline.image
    if spec is not None and spec.after == environment:
        # Few commands ask a registry, and its client takes a while to import.
        from ecluse.cli import served

        yield lambda ended: served.mark(spec, ended, os.environ)


def superuser(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables from which Django's ``createsuperuser --noinput`` takes its answers. The password is masked from
    now on.
    """
    found = {name: value for name, value in environ.items() if name.startswith("DJANGO_SUPERUSER_")}
    if password := found.get("DJANGO_SUPERUSER_PASSWORD"):
        Secret(password)
    return {name: value for name, value in found.items() if name.isidentifier()}
