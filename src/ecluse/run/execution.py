"""A run of a plan on this machine, from its folder to its reports."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ecluse.definition.plan import Plan
from ecluse.run.cache import Cache
from ecluse.run.console import Console
from ecluse.run.inputs import Inputs
from ecluse.run.leg_runner import LegRunner, secret_names
from ecluse.run.outcome import Run
from ecluse.run.record import durations, write
from ecluse.run.scheduler import Scheduler
from ecluse.run.trends import remember
from ecluse.secrets import Secret

__all__ = ["RunOptions", "cache_of", "hide_secrets", "run"]

# Runs that are kept; the oldest go first.
_KEPT = 20


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of a run. *workers* is the number of legs that run at once.

    With *strict_inputs*, a leg fails that read a file which its inputs do not name.
    """

    workers: int = 1
    fail_fast: bool = False
    cache: bool = True
    strict_inputs: bool = False


def run(
    plan: Plan,
    *,
    top: Path,
    environ: Mapping[str, str],
    console: Console,
    options: RunOptions,
    pythons: Mapping[str, str] | None = None,
) -> Run:
    """Run *plan* at *top*, and return how it ended; the reports are written then, also after an interruption.

    *pythons* maps versions (``3.13``) to the full ones of this machine, which are part of what decides an outcome.
    """
    secret = secret_names(plan.pipeline)
    hide_secrets(plan, environ)
    began, clock = datetime.now(UTC), time.monotonic()
    folder = _new_folder(top / ".ecluse" / "runs", began)
    cancel = threading.Event()
    cache = cache_of(plan, top, environ, pythons or {})
    worker = LegRunner(
        plan=plan,
        top=top,
        folder=folder,
        environ=environ,
        began=clock,
        cancel=cancel,
        output=console.output,
        cache=cache,
        use_cache=options.cache,
        strict_inputs=options.strict_inputs,
        secrets=secret,
    )
    seconds = durations(folder.parent)
    scheduler = Scheduler(
        plan,
        worker.run,
        workers=options.workers,
        cancel=cancel,
        listener=console,
        fail_fast=options.fail_fast,
        seconds=seconds,
    )
    console.begin(plan, seconds, options.workers)
    try:
        outcomes = scheduler.run()
        done = Run(
            id=folder.name,
            folder=folder,
            plan=plan,
            began=began,
            seconds=time.monotonic() - clock,
            outcomes=outcomes,
            interrupted=scheduler.interrupted,
            workers=options.workers,
        )
        cache.save()
        write(done)
        _prune(folder.parent)
    except BaseException:
        cancel.set()
        console.abandon()
        raise
    console.finish(done)
    return done


def hide_secrets(plan: Plan, environ: Mapping[str, str]) -> None:
    """From here on, mask the values that *environ* has for the secrets of the plan's jobs."""
    for name in frozenset().union(*secret_names(plan.pipeline).values()):
        if environ.get(name):
            Secret(environ[name])


def cache_of(plan: Plan, top: Path, environ: Mapping[str, str], pythons: Mapping[str, str]) -> Cache:
    """The cache of the repository at *top*."""
    folder = top / ".ecluse" / "cache"
    secret = frozenset().union(*secret_names(plan.pipeline).values())
    return Cache(folder / "jobs", Inputs(top, folder / "files.json"), environ, pythons, secret)


def _new_folder(runs: Path, began: datetime) -> Path:
    # Sorted by name is sorted by time; the end keeps two runs of the same millisecond apart.
    folder = runs / f"{began:%Y%m%d-%H%M%S}.{began.microsecond // 1000:03}-{secrets.token_hex(2)}"
    (folder / "logs").mkdir(parents=True)
    (folder / "outputs").mkdir()
    return folder


def _prune(runs: Path) -> None:
    """Remove all but the newest runs; the trends keep a line of each. A run without a record goes on, unless it was
    killed a day ago.
    """
    with suppress(OSError):  # another run prunes at the same time
        for folder in sorted(filter(_finished, runs.iterdir()))[:-_KEPT]:
            with suppress(OSError):  # a full disk, which needs the room all the more
                remember(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _finished(folder: Path) -> bool:
    old = time.time() - folder.stat().st_mtime > 24 * 60 * 60
    return folder.is_dir() and (old or (folder / "run.json").exists())
