"""``ecluse plan``: what an event would run; and, as subcommands, what a rollout or ``provision`` would do."""

from __future__ import annotations

import json
import os

import click

from ecluse.cli.project import checked_pipeline_in, top
from ecluse.cli.selection import chosen_event, event_options, pythons_of, wanted_pythons
from ecluse.definition.events import example_tag
from ecluse.definition.model import EventKind
from ecluse.definition.plan import plan as make_plan

__all__ = ["plan"]


class PlanGroup(click.Group):
    """The command ``plan``: without a subcommand it is about an event; a subcommand is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["deploy", "provision"]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name == "deploy":
            from ecluse.cli.rollout import plan_deploy

            return plan_deploy
        if name == "provision":
            from ecluse.cli.provision import plan_provision

            return plan_provision
        return None


@click.group(cls=PlanGroup, invoke_without_command=True, subcommand_metavar="[deploy|provision ENVIRONMENT]")
@event_options
@click.option("--cost", is_flag=True, help="Show the minutes that the event costs at each provider instead.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def plan(ctx: click.Context, event: EventKind | None, ref: str | None, cost: bool, as_json: bool) -> None:
    """Show what an event would run, in which order, and why each job runs or not; or what a rollout would do.

    \b
    Examples:
      ./ecluse plan                              a pull request
      ./ecluse plan deploy local                 a rollout: over what, and its migrations' SQL
      ./ecluse plan provision production         a server: what would change on it
      ./ecluse plan --event push --ref staging
      ./ecluse plan --event tag --ref v1.2.0
      ./ecluse plan --event ship --json
      ./ecluse plan --cost                       the minutes that a pull request costs at each provider
    """
    if ctx.invoked_subcommand is not None:
        return
    from ecluse.cli.show import plan_data, plan_text, terminal_width

    folder = top()
    pipeline = checked_pipeline_in(folder)
    if event == "tag" and ref is None:
        ref = example_tag(pipeline)
    if cost:
        from ecluse.cli.cost import cost_of

        click.echo(cost_of(folder, pipeline, chosen_event(pipeline, event, ref, os.environ), as_json=as_json))
        return
    wanted = wanted_pythons(pipeline.jobs, None)
    pythons = pythons_of(folder, wanted, os.environ)
    played = chosen_event(pipeline, event, ref, os.environ)
    planned = make_plan(pipeline, played, missing_pythons={*wanted} - pythons.keys())
    click.echo(
        json.dumps(plan_data(planned), indent=1, ensure_ascii=False)
        if as_json
        else plan_text(planned, terminal_width())
    )
