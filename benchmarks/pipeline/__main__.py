"""Measure, print a table, and write it into benchmarks/RESULTS.md: ``python -m benchmarks.pipeline [--rounds N]``.

A clone of this repository runs its own tox environments three ways: by tox one after the other, by tox in parallel, by
``ecluse run``. All have the same environments, made before, and the same workers of pytest-xdist in each; the ways take
turns within a round, so that whatever else the machine does befalls all of them alike.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from benchmarks.results import machine, write_section
from ecluse.definition.load import load
from ecluse.definition.model import Event
from ecluse.definition.plan import plan
from ecluse.machine import process
from ecluse.machine.interpreters import find

TOP = Path(__file__).resolve().parents[2]

# What every environment of the matrix runs, in each of the ways.
TESTS = "pytest -n 2 tests/website"

WAYS = {
    "one": "`tox run`: one environment after the other",
    "parallel": "`tox run-parallel`: as many at once as there are cores",
    "cold": "`ecluse run --no-cache`",
    "unchanged": "`ecluse run`, nothing changed since the last success",
    "plan": "`ecluse plan`",
    "render": "`ecluse render --check` of 100 jobs",
}

# measured, compared with, limit: of the other, or in seconds
BUDGETS: tuple[tuple[str, str | None, float], ...] = (
    ("cold", "one", 0.75),
    ("cold", "parallel", 1.05),
    ("unchanged", "one", 0.03),
    ("plan", None, 0.3),
    ("render", None, 0.3),
)

_HUNDRED_JOBS = """
from ecluse import Job, Pipeline, command, pull_request

pipeline = Pipeline(
    name="hundred",
    jobs=tuple(
        Job(name=f"job{number}", when=pull_request("main"), steps=(command("true"),)) for number in range(100)
    ),
)
"""


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each way is measured; 0: prepare only.")
@click.option("--warm", is_flag=True, help="An earlier measurement has made the environments, and run each once.")
def main(rounds: int, warm: bool) -> None:
    """Measure the pipeline beside tox."""
    repository = _clone(TOP / ".ecluse" / "benchmarks" / "pipeline")
    compared = _compared(repository)
    environments = list(compared)
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as scratch:
        runs = _runs(repository, compared, Path(scratch))
        if not warm:
            _time(runs["one"])  # makes the environments, and what their tools remember
        if not rounds:
            return
        runs["unchanged"]()  # remembers its successes, and how long each job takes: the longest go first from then on
        for number in range(rounds):
            for way in ("one", "parallel", "cold", "unchanged"):
                seconds[way].append(_time(runs[way]))
                print(f"{number + 1:3} {way:10} {seconds[way][-1]:7.2f} s", file=sys.stderr)
        for way in ("plan", "render"):
            _time(runs[way])
            seconds[way] = [_time(runs[way]) for _ in range(11)]
    text = _report(seconds, rounds, environments)
    click.echo(text)
    write_section("pipeline", text)
    sys.exit(0 if all(_kept(seconds, *budget) for budget in BUDGETS) else 1)


def _clone(folder: Path) -> Path:
    """The last commit of this repository, in a place of its own: nobody edits it while it is measured."""
    if not folder.exists():
        process.run(("git", "clone", "--quiet", str(TOP), str(folder)))
    process.run(("git", "fetch", "--quiet", "origin"), cwd=folder)
    process.run(("git", "reset", "--quiet", "--hard", "origin/HEAD"), cwd=folder)
    return folder


def _compared(repository: Path) -> dict[str, str]:
    """The tox environments that a pull request runs and this machine has a Python for, each with its job.

    Jobs that run no tox environment, or one that another job runs too, have nothing to be compared with; those that
    need an engine would measure that, and coverage mostly the waiting of integration tests.
    """
    pipeline = load(repository / "pipeline.py")
    values = sorted({value for job in pipeline.jobs for value in job.matrix.get("python", ())})
    found = find(values, os.environ, repository / ".ecluse" / "pythons.json")
    missing = [value for value in values if value not in found]
    planned = plan(pipeline, Event(kind="pull_request", branch="staging"), missing_pythons=missing)
    compared: dict[str, str] = {}
    for leg in planned.running:
        for step in leg.steps():
            if step.run[:2] == ("tox", "run") and not leg.job.engine and leg.job.name != "coverage":
                compared.setdefault(step.run[3], leg.job.name)
    return compared


def _runs(repository: Path, compared: Mapping[str, str], scratch: Path) -> dict[str, Callable[[], object]]:
    left_out = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS", "ECLUSE_POSTGRES")
    environ = {name: value for name, value in os.environ.items() if name not in left_out}
    (scratch / "pipeline.py").write_text(_HUNDRED_JOBS, encoding="utf-8")

    def runner(*argv: str, folder: Path = repository) -> Callable[[], object]:
        return lambda: process.run(argv, cwd=folder, env=environ)

    # Made by ./ecluse from the lock, as for everybody.
    process.run(("./ecluse", "--version"), cwd=repository, env=environ)
    python = str(repository / ".ecluse" / "tool" / "bin" / "python")
    chosen = ("-e", ",".join(compared), "-x", f"testenv.commands={TESTS}")
    jobs = tuple(dict.fromkeys(compared.values()))
    runner(python, "-m", "ecluse", "render", folder=scratch)()
    return {
        "one": runner(python, "-m", "tox", "run", *chosen),
        "parallel": runner(python, "-m", "tox", "run-parallel", "--parallel-no-spinner", *chosen),
        "cold": runner("./ecluse", "run", *jobs, "--no-cache"),
        "unchanged": runner("./ecluse", "run", *jobs),
        "plan": runner("./ecluse", "plan"),
        "render": runner(python, "-m", "ecluse", "render", "--check", folder=scratch),
    }


def _time(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _ratio(seconds: dict[str, list[float]], way: str, other: str | None) -> float:
    return statistics.median(seconds[way]) / (statistics.median(seconds[other]) if other else 1)


def _kept(seconds: dict[str, list[float]], way: str, other: str | None, limit: float) -> bool:
    return _ratio(seconds, way, other) <= limit


def _report(seconds: dict[str, list[float]], rounds: int, environments: Sequence[str]) -> str:
    names = ", ".join(environments)
    lines = [
        "## The pipeline",
        "",
        f"`python -m benchmarks.pipeline`: the {len(environments)} tox environments of a pull request for which this",
        f"machine has a Python ({names}); whole processes; {rounds} rounds, in which the ways take turns,",
        f"and 11 runs of plan and render. {machine()}.",
        "",
        "| | | median | fastest | slowest |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for way, what in WAYS.items():
        values = seconds[way]
        lines.append(
            f"| {way} | {what} | {statistics.median(values):.2f} s | {min(values):.2f} s | {max(values):.2f} s |"
        )
    lines += ["", "| budget | measured | |", "| --- | ---: | --- |"]
    for way, other, limit in BUDGETS:
        unit = f" × {other}" if other else " s"
        verdict = "kept" if _kept(seconds, way, other, limit) else "missed"
        lines.append(f"| {way} ≤ {limit}{unit} | {_ratio(seconds, way, other):.3f} | {verdict} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
