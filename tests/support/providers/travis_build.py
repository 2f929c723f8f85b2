"""Travis's builds, run for real without Travis: each job of a .travis.yml in the runner's container, phase by phase.

What is kept of Travis: a job's variables reach Bash as they are written; ``before_install``, ``install`` and
``before_script`` end the job at the first line that fails; ``script`` goes on after one, and the job has failed;
``after_*`` changes nothing; a stage begins when the one before has passed. See
https://docs.travis-ci.com/user/job-lifecycle/ and
https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/stages.rb
"""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ecluse.definition.model import Event
from ecluse.machine import process
from tests.support.providers.act import commands, ends
from tests.support.providers.travis_conditions import data_of, evaluate

__all__ = ["Built", "build", "script_of", "selected"]

_ENDS_THE_JOB = ("before_install", "install", "before_script")
_CHANGES_NOTHING = ("after_success", "after_failure", "after_script")

# Travis names none of its images' PostgreSQL; this is an older one than the pipeline's, as Travis's is.
_POSTGRES = "postgres:17"
_RUNNER = "act-runner:latest"
_LABEL = "ecluse-test=travis"
_FOLDER = "/home/travis/build"

# What https://docs.travis-ci.com/user/chrome installs is Google's; Debian's does the same.
_CHROME = "apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null || exit 2\n"


@dataclass(frozen=True)
class Built:
    """The result of a build: by job, ``passed``, ``failed``, ``errored`` (before its script) or ``canceled``; its
    log.
    """

    results: Mapping[str, str]
    logs: Mapping[str, str]

    @property
    def red(self) -> set[str]:
        return {name for name, result in self.results.items() if result in ("failed", "errored")}

    def why(self) -> str:
        """The end of what each job printed that did not pass."""
        return ends({name: log for name, log in self.logs.items() if name in self.red})

    def commands(self) -> dict[str, list[str]]:
        """The commands that ``ecluse run`` ran in each job."""
        own = [f"./ecluse {command}" for command in ("--version", "run ")]  # as the worker says it
        return {
            name: [line for line in commands(log) if not line.startswith(tuple(own))] for name, log in self.logs.items()
        }


def selected(config: Mapping[str, Any], event: Event) -> list[Mapping[str, Any]]:
    """The jobs of the build that *event* starts, in the order of their stages."""
    data = data_of(event)
    if "if" in config and not evaluate(config["if"], data):
        return []
    jobs = [job for job in config["jobs"]["include"] if "if" not in job or evaluate(job["if"], data)]
    order = {stage: index for index, stage in enumerate(config["stages"])}
    return sorted(jobs, key=lambda job: order[job["stage"]])


def script_of(config: Mapping[str, Any], job: Mapping[str, Any], event: Event, folder: str = _FOLDER) -> str:
    """The Bash script that a worker of Travis would run for *job*, with its checkout in *folder*."""
    variables = {
        "CI": "true",
        "TRAVIS": "true",
        "TRAVIS_EVENT_TYPE": "pull_request" if event.kind == "pull_request" else "push",
        "TRAVIS_BRANCH": event.branch or event.tag or "",
        "TRAVIS_TAG": event.tag or "",
        "TRAVIS_PULL_REQUEST": "7" if event.kind == "pull_request" else "false",
        "TRAVIS_BUILD_DIR": folder,
        "TRAVIS_JOB_NAME": job["name"],
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    # Not quoted: what stands in the file is what Bash reads.
    lines += [f"export {line}" for line in (*config.get("env", {}).get("global", ()), *job.get("env", ()))]
    lines += [f"cd {shlex.quote(folder)}", "TRAVIS_TEST_RESULT=0"]
    for phase in _ENDS_THE_JOB:
        for line in _lines(config, job, phase):
            lines += [_echo(line), f"eval {shlex.quote(line)}", '[ "$?" -eq 0 ] || exit 2']
    for line in _lines(config, job, "script"):
        lines += [_echo(line), f"eval {shlex.quote(line)}", '[ "$?" -eq 0 ] || TRAVIS_TEST_RESULT=1']
    for phase in _CHANGES_NOTHING:
        test = {"after_success": "-eq 0", "after_failure": "-ne 0"}.get(phase)
        for line in _lines(config, job, phase):
            lines += [f"{f'[ $TRAVIS_TEST_RESULT {test} ] && ' if test else ''}eval {shlex.quote(line)}"]
    return "\n".join([*lines, "exit $TRAVIS_TEST_RESULT", ""])


def _lines(config: Mapping[str, Any], job: Mapping[str, Any], phase: str) -> Sequence[str]:
    lines = job.get(phase, config.get(phase, ()))
    return (lines,) if isinstance(lines, str) else lines


def _echo(line: str) -> str:
    return f"printf '$ %s\\n' {shlex.quote(line)}"


def build(docker: str, repository: Path, config: Mapping[str, Any], event: Event, *, only: str | None = None) -> Built:
    """Run the build that *event* starts in *repository*; *only* is the name of the one job to run of it."""
    results: dict[str, str] = {}
    logs: dict[str, str] = {}
    jobs = [job for job in selected(config, event) if only is None or job["name"] == only]
    broken: set[str] = set()
    for job in jobs:
        if broken - {job["stage"]}:
            results[job["name"]] = "canceled"
            continue
        done = _run(docker, repository, job, config, event)
        results[job["name"]] = {0: "passed", 2: "errored"}.get(done.returncode, "failed")
        logs[job["name"]] = done.output
        if not done.ok:
            broken.add(job["stage"])
    return Built(results, logs)


def _run(
    docker: str, repository: Path, job: Mapping[str, Any], config: Mapping[str, Any], event: Event
) -> process.Completed:
    services = job.get("services", ())
    argv = [docker, "run", "--rm", "--interactive", "--label", _LABEL]
    # Jobs share the packages that others have downloaded, as they would by Travis's cache.
    argv += ["--volume", "ecluse-test-packages:/root/.cache"]
    prepare = _CHROME if "chrome" in job.get("addons", {}) else ""
    with (
        _postgres(docker) if "postgresql" in services else _network() as network,
        TemporaryDirectory(prefix="ecluse-travis-", ignore_cleanup_errors=True) as shared,
    ):
        argv += ["--network", network]
        if "docker" in services:
            # The engine is this machine's: a folder that the job mounts must be the same to both.
            folder = f"{shared}/build"
            shutil.copytree(repository, folder, symlinks=True)
            argv += ["--volume", f"{shared}:{shared}", "--volume", "/var/run/docker.sock:/var/run/docker.sock"]
            for name, value in (
                ("DOCKER_HOST", "unix:///var/run/docker.sock"),
                ("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1"),
                ("TESTCONTAINERS_RYUK_DISABLED", "true"),
            ):
                argv += ["--env", f"{name}={value}"]
        else:
            folder = _FOLDER
            argv += ["--volume", f"{repository}:/source:ro"]
            prepare += f"mkdir -p {folder} && cp -a /source/. {folder} || exit 2\n"
        argv += [_RUNNER, "bash", "-s"]
        script = prepare + script_of(config, job, event, folder)
        return process.run(argv, input=script, check=False, timeout=1800)


@contextmanager
def _network() -> Iterator[str]:
    yield "host"


@contextmanager
def _postgres(docker: str) -> Iterator[str]:
    """A server as Travis starts it (user postgres, no password, port 5432), on the job's own 127.0.0.1."""
    argv = [docker, "run", "--detach", "--rm", "--label", _LABEL, "--env", "POSTGRES_HOST_AUTH_METHOD=trust", _POSTGRES]
    container = process.read(argv).text.strip()
    try:
        # Travis's is up before a job's first line.
        asked = [docker, "exec", container, "pg_isready", "--host", "127.0.0.1", "--quiet"]
        deadline = time.monotonic() + 120
        while not process.run(asked, check=False).ok and time.monotonic() < deadline:
            time.sleep(0.2)
        yield f"container:{container}"
    finally:
        process.run([docker, "rm", "--force", "--volumes", container], check=False)
