"""The cache of downloaded packages: one for each Python and state of the locks, saved by one job for all.

Whatever saved it first would decide what the others find. So it is a job that the pipeline's author chooses: the first
of each Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecluse.definition.model import Pipeline
from ecluse.definition.plan import legs
from ecluse.providers.deploying import deploys
from ecluse.providers.selection import Selected

__all__ = ["savers"]


def savers(pipeline: Pipeline, jobs: Sequence[Selected]) -> dict[str, tuple[Mapping[str, str], ...]]:
    """The legs that save the cache of their Python, by the name of their job: of each Python the first, in the order of
    the pipeline.

    A job with credentials is none of them, and restores no cache: other jobs could have put into it what it then runs.
    """
    found: dict[str, list[Mapping[str, str]]] = {}
    saved: set[str] = set()
    for selected in jobs:
        if deploys(selected.job):
            continue
        for values in legs(selected.job):
            python = values.get("python", pipeline.providers.python)
            if python not in saved:
                saved.add(python)
                found.setdefault(selected.job.name, []).append(values)
    return {name: tuple(values) for name, values in found.items()}
