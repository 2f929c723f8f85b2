"""The common part of commands about an environment: its name on the command line, and the session that does the
work.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import click

from ecluse.cli import job_summary
from ecluse.cli.project import pipeline_in
from ecluse.cli.repository import top
from ecluse.definition.model import Environment, Pipeline
from ecluse.deploy import sentry
from ecluse.deploy.contract import Context
from ecluse.deploy.session import Ended, Person, Session
from ecluse.deploy.targets import opened as opened_target
from ecluse.machine import git

__all__ = ["as_json", "environment_argument", "opened", "say"]

as_json = click.option("--json", "json_", is_flag=True, help="Print JSON on standard output.")
environment_argument = click.argument("environment", metavar="ENVIRONMENT")


@contextmanager
def opened(name: str, *, take_over: bool = False) -> Iterator[Session]:
    """The environment *name* of this repository's pipeline, for as long as the context lasts. *take_over*: also where
    it belongs to another repository.
    """
    folder = top()
    pipeline = pipeline_in(folder)
    environment = _environment(pipeline, name)
    with opened_target(Context(pipeline, environment, folder, os.environ, say, take_over)) as target:
        person = Person(_user(), socket.gethostname())
        # On a machine of one's own branches are tried one after the other; visitors get no change taken back.
        descends = partial(git.descends, folder) if environment.faces_world else None
        yield Session(target, environment, person, say, (_summarize, _tell_sentry, *_marks(pipeline, name)), descends)


def say(line: str) -> None:
    """Print a line of progress: standard output has the result alone."""
    click.echo(line, err=True)


def _environment(pipeline: Pipeline, name: str) -> Environment:
    for environment in pipeline.environments:
        if environment.name == name:
            return environment
    known = ", ".join(environment.name for environment in pipeline.environments)
    raise click.UsageError(f"no environment {name!r} in pipeline.py (there are: {known or 'none'})")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container started with a bare number as its user
        return str(os.getuid())


def _marks(pipeline: Pipeline, environment: str) -> Iterator[Callable[[Ended], None]]:
    """The mark that a rollout leaves on images which may be promoted once *environment* has served them."""
    spec = pipeline.image
    if spec is not None and spec.after == environment:
        # Few commands ask a registry, and its client takes a while to import.
        from ecluse.cli import served

        yield lambda ended: served.mark(spec, ended, os.environ)


def _summarize(ended: Ended) -> None:
    job_summary.succeeded(os.environ, ended.kind, ended.environment, ended.release, ended.record)


def _tell_sentry(ended: Ended) -> None:
    if ended.record is not None:
        sentry.tell(ended.record, ended.environment, ended.url, os.environ, say)
