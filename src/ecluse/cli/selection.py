"""The selection of ``plan``, ``run`` and ``ship`` by their options: an event, jobs, legs, and Pythons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

import click

from ecluse.definition.events import play
from ecluse.definition.model import Event, EventKind, Job, Pipeline
from ecluse.definition.plan import Plan
from ecluse.errors import ToolError
from ecluse.machine.interpreters import find
from ecluse.providers import provider_of, reported

__all__ = [
    "check_jobs",
    "chosen_event",
    "chosen_values",
    "event_options",
    "pythons_of",
    "refuse_missing",
    "wanted_pythons",
]


def event_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options of ``plan`` and ``run``."""
    kinds = click.Choice(get_args(EventKind))
    for option in (
        click.option("--ref", metavar="NAME", help="Its branch, or the tag.  [default: the branch that jobs ask for]"),
        click.option("--event", type=kinds, help="The event to play.  [default: the provider's; here, pull_request]"),
    ):
        function = option(function)
    return function


def chosen_event(pipeline: Pipeline, kind: EventKind | None, ref: str | None, environ: Mapping[str, str]) -> Event:
    """The event asked for, else the one that the provider reports, else a pull request."""
    given = reported(environ)
    if kind is None and given is not None:
        return given
    return play(pipeline, kind or "pull_request", ref)


def check_jobs(pipeline: Pipeline, jobs: Iterable[str]) -> None:
    """Refuse the name of a job that does not exist."""
    names = [job.name for job in pipeline.jobs]
    for job in jobs:
        if job not in names:
            close = get_close_matches(job, names, n=1)
            rest = f" Did you mean {close[0]}?" if close else f" There are: {', '.join(names)}."
            raise click.UsageError(f"No job {job!r} in pipeline.py.{rest}")


def chosen_values(jobs: Iterable[Job], options: Iterable[str]) -> dict[str, list[str]]:
    """The values of ``--matrix AXIS=VALUE`` by axis; refused if none of *jobs* has them."""
    axes: dict[str, list[str]] = {}
    for job in jobs:
        for axis, values in job.matrix.items():
            known = axes.setdefault(axis, [])
            known += [value for value in values if value not in known]
    found: dict[str, list[str]] = {}
    for option in options:
        axis, equals, value = option.partition("=")
        if not equals:
            raise click.UsageError(f"--matrix {option}: write AXIS=VALUE, of {', '.join(axes) or 'none'}.")
        if axis not in axes:
            raise click.UsageError(f"--matrix {option}: no axis {axis!r} here. There are: {', '.join(axes) or 'none'}.")
        if value not in axes[axis]:
            raise click.UsageError(f"--matrix {option}: {axis} is one of {', '.join(axes[axis])}.")
        found.setdefault(axis, []).append(value)
    return found


def wanted_pythons(jobs: Iterable[Job], only: Collection[str] | None) -> list[str]:
    """The values of the axis ``python`` of *jobs*; with *only*, the intersection."""
    values = dict.fromkeys(value for job in jobs for value in job.matrix.get("python", ()))
    return [value for value in values if only is None or value in only]


def pythons_of(top: Path, versions: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The full version of each of *versions* that runs on this machine."""
    return find(versions, environ, top / ".ecluse" / "cache" / "pythons.json")


def refuse_missing(planned: Plan, pythons: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Refuse to run in CI without a Python that a leg asks for: an untested combination must not look green."""
    provider = provider_of(environ)
    absent = [leg.name for leg in planned.running if leg.values.get("python", "") not in {"", *pythons}]
    if absent and provider is not None:
        raise ToolError(
            f"the Python that {', '.join(absent)} asks for is not on this machine",
            hint=f"install it in an earlier step of the {provider.name} job",
        )
