"""``ecluse render`` and ``ecluse graph``: the pipeline as the providers' YAML, and as a picture."""

from __future__ import annotations

from typing import get_args

import click

from ecluse.cli.project import pipeline_in, top
from ecluse.definition.events import example_tag, play
from ecluse.definition.model import EventKind
from ecluse.render import HEADER, drift
from ecluse.render import render as render_all

__all__ = ["graph", "render"]


@click.command()
@click.option("--check", is_flag=True, help="Change nothing: exit 8 with a diff where what is checked in differs.")
def render(check: bool) -> None:
    """Write the providers' own YAML from pipeline.py.

    \b
    Examples:
      ./ecluse render            after changing pipeline.py
      ./ecluse render --check    as the pull request's pipeline does
    """
    folder = top()
    rendering = render_all(pipeline_in(folder))
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
    for provider, settings in rendering.advice.items():
        for line in settings:
            click.echo(f"{'set once':10} {provider}: {line}")


@click.command()
@click.option("--event", type=click.Choice(get_args(EventKind)), help="Only what this event runs.")
@click.option("--ref", help="The branch, or the tag, of --event. [default: the one jobs ask for]")
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="Write to this file, not to standard output.")
def graph(event: EventKind | None, ref: str | None, output: str | None) -> None:
    """Draw the jobs as SVG, with an arrow to each job from what it needs.

    \b
    Examples:
      ./ecluse graph > jobs.svg
      ./ecluse graph --event tag --ref v1.2.3 -o tag.svg
    """
    from ecluse.render.pipeline_graph import svg

    if ref and not event:
        raise click.UsageError("--ref says more about an event: name it with --event")
    pipeline = pipeline_in(top())
    if event == "tag" and ref is None:
        ref = example_tag(pipeline)
    picture = svg(pipeline, play(pipeline, event, ref) if event else None)
    if output:
        with open(output, "w", encoding="utf-8") as file:
            file.write(picture)
    else:
        click.echo(picture, nl=False)
