"""``ecluse render`` and ``ecluse graph``: the pipeline as the providers' YAML, and as a picture."""

from __future__ import annotations

import click

from ecluse.cli.repository import top
from ecluse.load import load
from ecluse.render import HEADER, drift
from ecluse.render import render as render_all

__all__ = ["render"]


@click.command()
@click.option("--check", is_flag=True, help="Change nothing: exit 8 with a diff where what is checked in differs.")
def render(check: bool) -> None:
    """Write .github/workflows, .github/actions and .travis.yml from pipeline.py.

    \b
    Examples:
      ./ecluse render            after changing pipeline.py
      ./ecluse render --check    as the pull request's pipeline does
    """
    folder = top()
    rendering = render_all(load(folder / "pipeline.py"))
    if check:
        drift.check(folder, rendering.files, HEADER)
        return
    changed = drift.write(folder, rendering.files, HEADER)
    for path in rendering.files:
        click.echo(f"{'wrote' if path in changed else 'as it was':10} {path}")
    for path in changed:
        if path not in rendering.files:
            click.echo(f"{'removed':10} {path}")
    for loss in rendering.notes:
        click.echo(f"{'note':10} {loss.id}: {loss.what}")
