"""GitLab's pipeline, run for real by gitlab-ci-local (https://github.com/firecow/gitlab-ci-local)."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ecluse.definition.model import Event
from ecluse.machine import process
from ecluse.providers.gitlab.config import CONFIG
from tests.support.providers.act import Played
from tests.support.providers.pipelines import parsed

__all__ = ["Play", "gitlab", "listed"]

Play = Callable[..., Played]
"""Plays the pipeline of a repository for an event: ``play(repository, event, …gitlab-ci-local's options)``."""

# A job reaches the machine's own engine by its socket, in the place of one beside it, and what that publishes at the
# address of the machine.
_OPTIONS = (
    *("--volume", "/var/run/docker.sock:/var/run/docker.sock"),
    *("--variable", "GITLAB_CI=true", "--variable", "TESTCONTAINERS_RYUK_DISABLED=true"),
)
_ENGINE = ("DOCKER_HOST", "DOCKER_TLS_CERTDIR", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")

_KINDS = {"pull_request": "merge_request", "push": "push", "tag": "tag"}


def gitlab(program: str, repository: Path, event: Event, *options: str) -> Played:
    """Run the pipeline of *repository* for *event*; *program* starts gitlab-ci-local with what it needs offline."""
    local = repository.parent / f"{repository.name}.gitlab-ci.json"
    local.write_text(json.dumps(_with_the_engine_here(parsed((repository / CONFIG).read_text()))))
    return _read(_output(program, repository, event, "--file", f"../{local.name}", *_OPTIONS, *options))


def listed(program: str, repository: Path, event: Event) -> set[str]:
    """The jobs of the pipeline that *event* makes in *repository*; nothing is started."""
    _before, _header, rows = _output(program, repository, event, "--list-csv").partition("name;stage;")
    return {_leg(row.partition(";")[0]).partition(" (")[0] for row in rows.splitlines()[1:] if row}


def _output(program: str, repository: Path, event: Event, *options: str) -> str:
    process.run(["git", "config", "remote.origin.url", "git@gitlab.example:group/project.git"], cwd=repository)
    ref = ("--tag", event.tag) if event.kind == "tag" else ("--branch", event.branch)
    argv = [program, _KINDS[event.kind], *(part for part in ref if part), *options]
    return process.run(argv, cwd=repository, check=False, timeout=3600).output


def _with_the_engine_here(config: Any) -> Any:
    for job in config.values():
        if isinstance(job, dict) and "script" in job:
            services = [service for service in job.pop("services", []) if service["alias"] != "docker"]
            variables = {name: value for name, value in job.pop("variables", {}).items() if name not in _ENGINE}
            job |= ({"services": services} if services else {}) | ({"variables": variables} if variables else {})
    return config


def _read(output: str) -> Played:
    results: dict[str, str] = {}
    logs: defaultdict[str, list[str]] = defaultdict(list)
    for line in re.sub(r"\x1b\[[0-9;]*m", "", output).splitlines():
        if ended := re.match(r" (PASS|FAIL)  (.+?)\s*$", line):
            results[_leg(ended[2])] = "success" if ended[1] == "PASS" else "failure"
        elif printed := re.match(r"(\S.*?)\s+> (.*)$", line):
            logs[_leg(printed[1])].append(printed[2])
    joined = {leg: "\n".join(lines) for leg, lines in logs.items()}
    return Played(results, joined, joined, output)


def _leg(name: str) -> str:
    """A leg as the pipeline calls it: ``tests: [3.13,5.2]`` is ``tests (3.13, 5.2)``."""
    job, _, values = name.removeprefix("job ").partition(": [")
    return f"{job} ({values.removesuffix(']').replace(',', ', ')})" if values else job
