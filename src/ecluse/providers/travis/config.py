"""A pipeline as a Travis build: its jobs expanded one by one, in stages.

Written out in full, since what Travis inherits and multiplies surprises: each job has its own name, stage and
condition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecluse.definition.model import Any, Pipeline
from ecluse.definition.plan import Leg, legs
from ecluse.machine.process import quote
from ecluse.providers.conditions import simplify
from ecluse.providers.selection import Selected, needs_history, secrets
from ecluse.providers.services import given, in_container, variable
from ecluse.providers.travis.conditions import expression
from ecluse.providers.travis.services import INSTALLED
from ecluse.providers.yaml import dump
from ecluse.services.kinds import kind_of

__all__ = ["BUILD", "files"]

BUILD = ".travis.yml"

Node = dict[str, object]


def files(pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
    """The files to check in, by path."""
    expanded = [(selected, values) for selected in jobs for values in legs(selected.job)]
    names = dict.fromkeys(name for selected in jobs for name in secrets(selected.job, pipeline))
    if names:
        header += "\nEncrypted variables, set in the repository's settings: " + ", ".join(names)
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
    if needs_history(job):
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
    # Travis's own default installs requirements.txt; this installs Écluse from its lock.
    return {
        **made,
        "install": "./ecluse --version",
        "script": selected.command if selected.runs else quote(leg.command()),
    }


def _assignment(name: str, value: str) -> str:
    # Bash reads what stands here.
    return f"{name}={quote([value])}"
