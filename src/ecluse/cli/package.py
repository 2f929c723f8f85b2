"""``ecluse package``: a release of what is checked out."""

from __future__ import annotations

import json
import os

import click

from ecluse.cli.environments import as_json, say
from ecluse.cli.project import pipeline_in, top
from ecluse.errors import DefinitionError
from ecluse.release.archive import package as make

__all__ = ["package"]


@click.command()
@as_json
def package(json_: bool) -> None:
    """Make a release of what is checked out: source, locked requirements, static files. Prints its id.

    The id comes from the content: the same content is the same release, and is not made again.

    \b
    Examples:
      ./ecluse package
      ./ecluse package --json    with its digest and the commit
    """
    folder = top()
    pipeline = pipeline_in(folder)
    spec = pipeline.release
    if spec is None:
        raise DefinitionError(
            "the pipeline has no release", where="pipeline.py", hint="give it release=ReleaseSpec(...)"
        )
    made = make(folder, spec, folder / ".ecluse" / "releases", os.environ, project=pipeline.project, say=say)
    click.echo(json.dumps(made.manifest(), indent=1) if json_ else made.id)
