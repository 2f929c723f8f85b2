"""Measure, print a table, and write it into benchmarks/RESULTS.md: ``python -m benchmarks.image [--rounds N]``.

Needs a Docker engine, and empties its builder's cache mounts (pip's downloads). Three images of the commit that is
checked out, of the same lock: this repository's, and those of the two Dockerfiles beside this file. The variants take
turns within a round, so that whatever else the machine does befalls all of them alike.
"""

from __future__ import annotations

import json
import secrets
import statistics
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarks.results import machine, write_section
from ecluse.machine import process

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
BASE = "python:3.13-slim-trixie"
OURS, OTHERS = "ecluse", ("wheels", "pip")
MB = 1_000_000

# what is measured → (its limit as a share of the better of the others, its limit in itself)
BUDGETS: dict[str, tuple[float | None, float | None]] = {
    "rebuild": (0.5, 3.0),
    "cold": (0.9, None),
    "size": (0.8, None),
    "ready": (None, 2.0),
}
MEANING = {
    "rebuild": "a change of one view, s",
    "cold": "nothing cached, s",
    "size": "added to the base, MB",
    "ready": "container to ready, s",
}


@click.command()
@click.option("--rounds", default=5, show_default=True, help="How often a rebuild and a start are measured.")
@click.option("--cold-rounds", default=2, show_default=True, help="How often a build without a cache is.")
def main(rounds: int, cold_rounds: int) -> None:
    """Build three images of the same site, cold and after a change, and start them."""
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as scratch:
        contexts = {name: _context(Path(scratch), name) for name in (OURS, *OTHERS)}
        figures: dict[str, dict[str, list[float]]] = {what: {name: [] for name in contexts} for what in BUDGETS}
        for _ in range(cold_rounds):
            for name, context in contexts.items():
                _docker("builder", "prune", "--force", "--filter", "type=exec.cachemount")
                figures["cold"][name].append(_build(name, context, "--no-cache"))
        for number in range(rounds):
            for name, context in contexts.items():
                view = context / "src" / "website" / "views.py"
                view.write_text(f"{view.read_text(encoding='utf-8')}\n# change {number}\n", encoding="utf-8")
                figures["rebuild"][name].append(_build(name, context))
        for name in contexts:
            figures["size"][name].append((_size(_tag(name)) - _size(BASE)) / MB)
        with _database() as (network, url):
            for _ in range(rounds):
                for name in contexts:
                    figures["ready"][name].append(_ready(name, network, url))
    text = _table(
        {what: {name: statistics.median(all_) for name, all_ in row.items()} for what, row in figures.items()}
    )
    click.echo(text)
    write_section("image", text)


def _context(scratch: Path, name: str) -> Path:
    """The files of the commit, with the Dockerfile of *name*."""
    context = scratch / name
    context.mkdir()
    archive = scratch / "commit.tar"
    process.run(["git", "archive", "--output", archive, "HEAD"], cwd=TOP)
    process.run(["tar", "-xf", archive, "-C", context])
    if name != OURS:
        (context / "Dockerfile").write_text((HERE / f"{name}.Dockerfile").read_text(encoding="utf-8"), encoding="utf-8")
    return context


def _tag(name: str) -> str:
    return f"ecluse-bench-image:{name}"


def _docker(*arguments: str) -> str:
    return process.read(("docker", *arguments)).text


def _build(name: str, context: Path, *options: str) -> float:
    target = ("--target", "applayer") if name == OURS else ()
    began = time.perf_counter()
    _docker("buildx", "build", "--quiet", "--load", "--tag", _tag(name), *target, *options, str(context))
    return time.perf_counter() - began


def _size(image: str) -> int:
    found: int = json.loads(_docker("image", "inspect", image))[0]["Size"]
    return found


@contextmanager
def _database() -> Iterator[tuple[str, str]]:
    """A network with a PostgreSQL that has every migration; its address there."""
    network = f"ecluse-bench-{secrets.token_hex(4)}"
    _docker("network", "create", network)
    trust = ("--env", "POSTGRES_HOST_AUTH_METHOD=trust")
    database = _docker("run", "--detach", "--network", network, "--network-alias", "db", *trust, "postgres:18-trixie")
    url = "postgres://postgres@db/postgres"
    try:
        migrate = ("ecluse", "wait", "DATABASE_URL", "--", "python", "manage.py", "migrate", "--verbosity", "0")
        _docker("run", "--rm", *_settings(network, url), _tag(OURS), *migrate)
        yield network, url
    finally:
        _docker("rm", "--force", "--volumes", database.strip())
        _docker("network", "rm", network)


def _settings(network: str, url: str) -> tuple[str, ...]:
    environment = {
        "DATABASE_URL": url,
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
        "DJANGO_SETTINGS_MODULE": "settings.production",
    }
    return ("--network", network, *(part for pair in environment.items() for part in ("--env", "=".join(pair))))


def _ready(name: str, network: str, url: str) -> float:
    """Seconds from `docker run` to the first good answer of /readiness/."""
    began = time.perf_counter()
    publish = ("--publish", "127.0.0.1::8000")
    container = _docker("run", "--detach", *publish, *_settings(network, url), _tag(name)).strip()
    try:
        port = _docker("port", container, "8000/tcp").split(":")[-1].strip()
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readiness/", timeout=5):
                    return time.perf_counter() - began
            except OSError:
                if time.perf_counter() - began > 60:
                    raise
                time.sleep(0.02)
    finally:
        _docker("rm", "--force", container)


def _table(medians: dict[str, dict[str, float]]) -> str:
    lines = [
        "## Images",
        "",
        f"The site's application image beside two others of the same lock. {machine()}.",
        "",
        f"| | {OURS} | {' | '.join(OTHERS)} | of the better | budget | |",
        "| --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for what, row in medians.items():
        share, limit = BUDGETS[what]
        ratio = row[OURS] / min(row[name] for name in OTHERS)
        kept = (share is None or ratio <= share) and (limit is None or row[OURS] <= limit)
        budget = ", ".join(
            part for part in (f"≤ {share:g} ×" if share else "", f"≤ {limit:g} s" if limit else "") if part
        )
        figures = " | ".join(f"{row[name]:.1f}" for name in (OURS, *OTHERS))
        lines.append(f"| {MEANING[what]} | {figures} | {ratio:.2f} × | {budget} | {'✓' if kept else '✗'} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
