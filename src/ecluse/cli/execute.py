"""The execution of a plan, for ``run`` and ``ship``: their options, the console, the reports, and the verdict."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecluse.definition.plan import Plan
from ecluse.errors import Interrupted, JobFailed, RepositoryError
from ecluse.machine import git
from ecluse.providers import Provider, provider_of

if TYPE_CHECKING:
    from ecluse.run.console import Console
    from ecluse.run.outcome import Run

__all__ = ["execute", "judge", "nothing", "run_options"]


def run_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options of ``run`` and ``ship``."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    at_once = click.IntRange(1)
    strict = "A job fails that reads a file which its inputs do not name.  [default: in CI]"
    for option in (
        click.option("--strict-inputs/--lenient-inputs", default=None, help=strict),
        click.option("--no-cache", is_flag=True, help="Run also what has not changed since it last passed."),
        click.option("--fail-fast/--keep-going", help="Stop everything at the first failure.  [default: --keep-going]"),
        click.option("--jobs", "-j", "workers", type=at_once, default=cores, help=f"Legs at once.  [default: {cores}]"),
    ):
        function = option(function)
    return function


def execute(
    folder: Path,
    planned: Plan,
    pythons: Mapping[str, str],
    workers: int,
    fail_fast: bool,
    no_cache: bool,
    strict_inputs: bool | None,
) -> Run:
    """Run what *planned* says in *folder*, with a console for this output; write the reports."""
    from ecluse.run.execution import RunOptions
    from ecluse.run.execution import run as run_plan

    provider = provider_of(os.environ)
    strict = provider is not None if strict_inputs is None else strict_inputs
    options = RunOptions(workers=workers, fail_fast=fail_fast, cache=not no_cache, strict_inputs=strict)
    environ = dict(os.environ)
    done = run_plan(planned, top=folder, environ=environ, console=_console(provider), options=options, pythons=pythons)
    if provider is not None:
        _publish(done, folder, provider, environ)
    return done


def judge(done: Run) -> None:
    """Raise an error unless every leg passed; the reports are written before."""
    if done.interrupted:
        raise Interrupted("interrupted; running jobs were ended")
    if not done.ok:
        names = ", ".join(outcome.leg.name for outcome in done.failed)
        raise JobFailed(f"{names} failed", hint=f"./ecluse report {done.id} --open shows everything")


def nothing(planned: Plan) -> str:
    """The reasons why *planned* runs nothing."""
    reasons = dict.fromkeys(leg.reason for leg in planned.legs if leg.reason != "not asked for")
    return f"nothing to run: {'; '.join(reasons)}"


def _publish(done: Run, folder: Path, provider: Provider, environ: Mapping[str, str]) -> None:
    """Show the run where the provider has more than a log: annotations and a summary."""
    from ecluse.run.failures import failures
    from ecluse.run.markdown import summary

    files: Collection[str] = ()
    with suppress(RepositoryError):  # then paths are shown as the tools print them
        files = git.tree(folder).files
    _say(provider.annotate(failures(done, files)))
    provider.summarise(environ, summary(done))


def _console(provider: Provider | None) -> Console:
    """The console for this output: a table on a terminal, lines elsewhere."""
    if sys.stdout.isatty() and provider is None and os.environ.get("TERM") != "dumb":
        from rich.console import Console as Terminal

        from ecluse.run.live import LiveConsole

        return LiveConsole(Terminal())
    from ecluse.run.console import PlainConsole

    return PlainConsole(_say, provider, colours=not os.environ.get("NO_COLOR"))


def _say(text: str) -> None:
    # At once: whoever follows the log of a job must see where it is.
    sys.stdout.write(text)
    sys.stdout.flush()
