"""A newcomer's clone on a clean machine: Debian with python3, python3-venv and git; an ordinary user; nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[3]

pytestmark = [pytest.mark.engine, pytest.mark.slow]

# A load of its own, in the container: bare urllib, because nothing is installed there.
LOAD = """
import json, pathlib, sys, threading, urllib.request
stop, counts = threading.Event(), {"ok": 0, "lost": 0}
def visit():
    while not stop.is_set():
        try:
            urllib.request.urlopen(sys.argv[1], timeout=60).read()
            counts["ok"] += 1
        except Exception as error:
            counts["lost"] += 1
            print(error, file=sys.stderr)
threads = [threading.Thread(target=visit) for _ in range(4)]
for thread in threads: thread.start()
print("loading", flush=True)
sys.stdin.readline()
stop.set()
for thread in threads: thread.join()
print(json.dumps(counts))
"""


def docker(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(("docker", *arguments), text=True, capture_output=True, check=False, **options)


@pytest.fixture(scope="session")
def machine() -> Iterator[Callable[..., str]]:
    """Makes machines: containers of Debian with these packages, the repository to clone at /repository."""
    if docker("info").returncode != 0:
        pytest.skip("no Docker engine answers")
    made: list[str] = []

    def make(*packages: str) -> str:
        recipe = "FROM debian:trixie-slim\nRUN useradd --create-home alice\n"
        if packages:
            recipe += f"RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends {' '.join(packages)}\n"
        recipe += "USER alice\nWORKDIR /home/alice\n"
        tag = "ecluse-newcomer:" + ("-".join(packages) or "bare").replace("3", "")
        built = docker("build", "--quiet", "--tag", tag, "-", input=recipe)
        assert built.returncode == 0, built.stderr
        mount = f"{TOP}:/repository:ro"
        run = docker(
            "run", "--detach", "--init", "--label", "ecluse.test=newcomer", "--volume", mount, tag, "sleep", "infinity"
        )
        assert run.returncode == 0, run.stderr
        made.append(run.stdout.strip())
        return made[-1]

    yield make
    for container in made:
        docker("rm", "--force", "--volumes", container)


def sh(container: str, script: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
    return docker("exec", container, "sh", "-euc", script, timeout=timeout)


def test_missing_python_names_what_to_install(machine: Callable[..., str]) -> None:
    done = sh(machine(), "/repository/ecluse --version")
    assert done.returncode == 9
    assert "no Python 3.11 or newer" in done.stderr
    assert "apt install python3 python3-venv" in done.stderr


def test_missing_venv_module_names_the_debian_package(machine: Callable[..., str]) -> None:
    done = sh(machine("python3"), "/repository/ecluse --version")
    assert done.returncode == 9
    assert "apt install python3.13-venv" in done.stderr


@pytest.fixture(scope="session")
def newcomer(machine: Callable[..., str]) -> str:
    container = machine("git", "python3", "python3-venv")
    # The repository that is mounted belongs to somebody else.
    trust = "git config --global --add safe.directory '*'"
    done = sh(container, f"{trust} && git clone --quiet --no-local /repository/.git clone")
    assert done.returncode == 0, done.stderr
    return container


def test_second_ship_replaces_the_site_without_losing_a_request(newcomer: str) -> None:
    done = sh(newcomer, "cd clone && ./ecluse ship")
    assert done.returncode == 0, done.stdout + done.stderr
    address = "http://127.0.0.1:8000"
    assert address in done.stdout
    first = release(newcomer, address)

    load = subprocess.Popen(
        ("docker", "exec", "-i", newcomer, "python3", "-c", LOAD, address),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert load.stdout is not None
    assert load.stdout.readline() == "loading\n"
    change = "cd clone && sed -i 's,of the shop,of the record shop,' src/website/store/views.py"
    done = sh(newcomer, f"{change} && ./ecluse ship")
    out, err = load.communicate("\n", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(out)
    assert counts["lost"] == 0, err
    assert counts["ok"] > 100
    assert release(newcomer, address) != first

    done = sh(newcomer, "cd clone && ./ecluse stop local")
    assert done.returncode == 0, done.stderr


def release(container: str, address: str) -> object:
    ask = f"import urllib.request as r; print(r.urlopen('{address}/readiness/').read().decode())"
    done = sh(container, f'python3 -c "{ask}"')
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["release"]


def test_ecluse_test_passes_in_a_fresh_clone(newcomer: str) -> None:
    # The tests of the other Python environments are in coverage too, and whoever runs this file has run them outside.
    skip = "export TOX_SKIP_ENV=py3.*"
    done = sh(newcomer, f"cd clone && git checkout --quiet . && {skip} && ./ecluse test", timeout=3600)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "coverage: OK" in done.stdout
