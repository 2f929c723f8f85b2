"""Measure, print a table, and write it into benchmarks/RESULTS.md: ``python -m benchmarks.hearing [--rounds N]``.

Two test runs of this repository, each with and without the hook that hears what a job reads
(:mod:`ecluse.run.reads`). The processor's time of a run and of all that it started is compared, which a busy machine
disturbs less than the time on the clock; both ways take turns within a round.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from benchmarks.results import machine, write_section
from ecluse.machine import process
from ecluse.run.reads import Log

TOP = Path(__file__).resolve().parents[2]
BUDGET = 1.05

RUNS = {
    "unit tests of rollouts": ("tests/unit/deploy", "tests.unit.settings"),
    "tests of the shop, on PostgreSQL": ("tests/website/store", "settings.travis"),
}


@click.command()
@click.option("--rounds", default=5, show_default=True, help="How often each run is measured, in each of the ways.")
def main(rounds: int) -> None:
    """Measure what listening costs."""
    found = {name: _measure(tests, settings, rounds) for name, (tests, settings) in RUNS.items()}
    text = _text(found, rounds)
    write_section("hearing", text)
    click.echo(text)


def _measure(tests: str, settings: str, rounds: int) -> tuple[list[float], list[float]]:
    """Processor seconds of each run: unheard, heard."""
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": settings, "PYTHONPATH": f"src{os.pathsep}."}
    _processor(tests, environ)  # makes the migrated database, and what Python remembers
    unheard: list[float] = []
    heard: list[float] = []
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as scratch:
        for number in range(rounds):
            log = Log(Path(scratch, f"reads-{number}"), TOP)
            unheard.append(_processor(tests, environ))
            heard.append(_processor(tests, {**environ, **log.variables(environ)}))
            if not log.take().opened:
                raise click.ClickException("nothing was heard: the figures would say nothing")
    return unheard, heard


def _processor(tests: str, environ: Mapping[str, str]) -> float:
    """The processor seconds of one run of *tests*."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    argv = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests)
    process.run(argv, cwd=TOP, env=environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _text(found: Mapping[str, tuple[list[float], list[float]]], rounds: int) -> str:
    lines = [
        "## Listening",
        "",
        "`python -m benchmarks.hearing`: the processor's time of a test run, without and with the hook that hears",
        f"what a job reads; the median of {rounds}. {machine()}.",
        "",
        "| | unheard | heard | heard / unheard | |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    for name, ways in found.items():
        unheard, heard = map(statistics.median, ways)
        verdict = "kept" if heard / unheard <= BUDGET else f"not kept: {BUDGET}"
        lines.append(f"| {name} | {unheard:.2f} s | {heard:.2f} s | {heard / unheard:.3f} | {verdict} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
