"""A pipeline as Travis CI reads it, without the jobs that Travis cannot run."""

from __future__ import annotations

from collections.abc import Sequence

from ecluse.definition.model import Pipeline
from ecluse.providers.findings import nothing_to_ask as examine
from ecluse.providers.selection import Selected, secrets
from ecluse.providers.travis import config, rules
from ecluse.providers.travis.billing import billed, proved
from ecluse.providers.travis.conditions import expression as condition
from ecluse.providers.travis.differences import DIFFERENCES
from ecluse.providers.travis.jobs import left_in

__all__ = ["DIFFERENCES", "advice", "billed", "check", "condition", "examine", "files", "proved"]


def check(pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
    """Raises RenderError for what Travis would refuse or misread in the jobs that it runs."""
    rules.check(pipeline, left_in(jobs))


def advice(pipeline: Pipeline, jobs: Sequence[Selected]) -> list[str]:
    """The repository's settings that no file can say, and somebody has to set once."""
    names = dict.fromkeys(name for selected in left_in(jobs) for name in secrets(selected.job, pipeline))
    return [f"Encrypted variables: {', '.join(names)}"] if names else []


def files(pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
    """The file to check in, by path; none where Travis runs no job."""
    kept = left_in(jobs)
    return config.files(pipeline, kept, header) if kept else {}
