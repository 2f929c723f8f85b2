"""A Django change from pull request to users: define the pipeline once, in Python; run it anywhere."""

from ecluse.define import (
    CURRENT_PYTHON,
    all_of,
    any_of,
    command,
    ecluse,
    not_,
    pull_request,
    push,
    ship,
    tag,
    tox,
)
from ecluse.model import Build, Environment, ImageSpec, Job, Output, Pipeline, Providers, ReleaseSpec, Service, Worker

__all__ = [
    "CURRENT_PYTHON",
    "Build",
    "Environment",
    "ImageSpec",
    "Job",
    "Output",
    "Pipeline",
    "Providers",
    "ReleaseSpec",
    "Service",
    "Worker",
    "all_of",
    "any_of",
    "command",
    "ecluse",
    "not_",
    "pull_request",
    "push",
    "ship",
    "tag",
    "tox",
]
