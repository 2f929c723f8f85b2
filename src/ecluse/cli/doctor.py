"""``ecluse doctor``: whether a provider is set as the pipeline needs it."""

from __future__ import annotations

import os
import sys

import click

from ecluse.cli.project import pipeline_in, top
from ecluse.render import examine

__all__ = ["doctor"]


@click.command()
@click.argument("provider")
def doctor(provider: str) -> None:
    """Ask PROVIDER whether its settings are what pipeline.py needs. Nothing is changed.

    GitHub is asked about environments, the names of their secrets, rules of branches and tags, and code owners. The
    token in GITHUB_TOKEN may read the repository's administration, environments, secrets and actions.
    GITHUB_REPOSITORY is OWNER/NAME, by default that of the remote origin; GITHUB_API_URL is the address of another
    server than GitHub's own. Exits with 1 where something is not as it must be.

    \b
    Example:
      GITHUB_TOKEN=… ./ecluse doctor github
    """
    folder = top()
    good = True
    for finding in examine(provider, pipeline_in(folder), folder, os.environ):
        mark = click.style("✗", fg="red") if finding.problems else click.style("✓", fg="green")
        click.echo("\n    ".join([f"{mark} {finding.what}", *finding.problems]))
        good = good and not finding.problems
    sys.exit(0 if good else 1)
