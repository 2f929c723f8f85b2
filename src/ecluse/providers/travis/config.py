"""A pipeline as a Travis build: its jobs expanded one by one, in stages.

Written out in full, since what Travis inherits and multiplies surprises: each job has its own name, stage and
condition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecluse.definition.model import Any, Job, Pipeline
from ecluse.definition.plan import Leg, legs
from ecluse.errors import RenderError
from ecluse.machine.process import quote
from ecluse.providers.conditions import simplify
from ecluse.providers.selection import Selected
from ecluse.providers.services import given, in_container, variable
from ecluse.providers.travis.conditions import expression
from ecluse.providers.travis.services import INSTALLED
from ecluse.providers.yaml import dump
from ecluse.services.kinds import kind_of

__all__ = ["BUILD", "files"]

BUILD = ".travis.yml"

# https://docs.travis-ci.com/user/build-matrix/: of one build
_MOST_JOBS = 200

# Seconds, on travis-ci.com for public repositories:
# https://docs.travis-ci.com/user/customizing-the-build#build-timeouts
_LONGEST = 50 * 60

Node = dict[str, object]


def files(pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
    """The files to check in, by path. Raises RenderError for more than Travis takes."""
    expanded = [(selected, values) for selected in jobs for values in legs(selected.job)]
    if len(expanded) > _MOST_JOBS:
        raise RenderError(
            f"the pipeline has {len(expanded)} jobs with all legs; a build of Travis has {_MOST_JOBS} at most",
            hint="narrow a matrix, or exclude legs of it",
        )
    for selected in jobs:
        if selected.job.timeout > _LONGEST:
            raise RenderError(
                f"timeout is {selected.job.timeout:g} s; Travis ends a job after {_LONGEST} s",
                where=f"job {selected.job.name!r}",
                hint="split the job, or lower its timeout",
            )
    secrets = _secrets(pipeline, jobs)
    if secrets:
        header += "\nEncrypted variables, set in the repository's settings: " + ", ".join(secrets)
    return {BUILD: dump(_build(pipeline, expanded), header)}


def _build(pipeline: Pipeline, expanded: Sequence[tuple[Selected, Mapping[str, str]]]) -> Node:
    stages = sorted({selected.stage for selected, _values in expanded})
    return {
        "version": "~> 1.0",
        "os": "linux",
        "dist": "noble",
        "language": "python",
        # Builds started by its API or by cron are not events of the pipeline.
        "if": _condition([selected for selected, _values in expanded]),
        "cache": {"directories": ["$HOME/.cache/pip", "$HOME/.cache/uv"]},
        "env": {"global": [_assignment(name, value) for name, value in _env(pipeline).items()]},
        "stages": [f"stage {stage}" for stage in stages],
        "jobs": {"include": [_job(selected, values, pipeline) for selected, values in expanded]},
    }


def _env(pipeline: Pipeline) -> dict[str, str]:
    # A matrix that skips what is missing would be green without having run.
    return {**pipeline.providers.env, "TOX_SKIP_MISSING_INTERPRETERS": "false"}


def _condition(jobs: Sequence[Selected]) -> str:
    kinds = "type IN (push, pull_request)"
    some = simplify(Any(tuple(selected.ever for selected in jobs if selected.ever is not None)))
    if isinstance(some, bool) or any(selected.ever is None for selected in jobs):
        return kinds
    return f"{kinds} AND ({expression(some)})"


def _job(selected: Selected, values: Mapping[str, str], pipeline: Pipeline) -> Node:
    job = selected.job
    leg = Leg(job=job, values=values)
    made: Node = {"name": leg.name, "stage": f"stage {selected.stage}"}
    if selected.ever is not None:
        made["if"] = expression(selected.ever)
    made["python"] = values.get("python", pipeline.providers.python)
    if job.history:
        made["git"] = {"depth": False}
    services = given(job, pipeline)
    names = [INSTALLED[service.kind].name for service in services]
    if job.engine or in_container(job, pipeline):
        names.append("docker")
    if names:
        made["services"] = names
    if job.browser:
        # https://docs.travis-ci.com/user/chrome: installed when the job begins
        made["addons"] = {"chrome": "stable"}
    if services:
        made["env"] = [_assignment(variable(service), kind_of(service).address("127.0.0.1")) for service in services]
    # Travis's own default installs requirements.txt; this makes .venv from the lock.
    return {**made, "install": "./ecluse --version", "script": quote(leg.command())}


def _assignment(name: str, value: str) -> str:
    # Bash reads what stands here.
    return f"{name}={quote([value])}"


def _secrets(pipeline: Pipeline, jobs: Sequence[Selected]) -> list[str]:
    environments = {environment.name: environment for environment in pipeline.environments}

    def of(job: Job) -> tuple[str, ...]:
        return (*job.secrets, *(environments[job.environment].secrets if job.environment else ()))

    return list(dict.fromkeys(name for selected in jobs for name in of(selected.job)))
