"""``ecluse project``: a command of the project, as the jobs run it."""

from __future__ import annotations

import os

import click

from ecluse.cli.project import pipeline_in, top
from ecluse.errors import DefinitionError
from ecluse.machine import process
from ecluse.outside.processes import prepare

__all__ = ["project"]


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def project(command: tuple[str, ...]) -> None:
    """Run a command of the project: in its folder, with its Python, its packages and its settings from outside.

    \b
    Examples:
      ./ecluse project -- python manage.py check
      ./ecluse project -- python manage.py test shop
      ./ecluse project -- pytest -k booking
    """
    folder = top()
    described = pipeline_in(folder).project
    if described is None:
        raise DefinitionError(
            "the pipeline has no project",
            where="pipeline.py",
            hint="give it project=Project(...); ecluse adopt writes one",
        )
    made = prepare(
        folder, described, folder / ".ecluse", os.environ, lambda line: click.echo(f"ecluse: {line}", err=True)
    )
    # What a job leaves is below the tool's folder, whatever folder the program runs in.
    argv = [argument.replace(".ecluse/runs/", f"{folder}/.ecluse/runs/") for argument in command]
    os.chdir(made.folder)
    process.replace(argv, env=made.environ)
