"""Rules for pipelines on Travis: values that Travis refuses."""

from __future__ import annotations

from collections.abc import Sequence

from ecluse.definition.model import Pipeline
from ecluse.definition.plan import legs
from ecluse.errors import RenderError
from ecluse.providers.selection import Selected
from ecluse.providers.services import given
from ecluse.providers.travis.services import INSTALLED

__all__ = ["check"]

# https://docs.travis-ci.com/user/build-matrix/: of one build
_MOST_JOBS = 200

# Seconds, on travis-ci.com for public repositories:
# https://docs.travis-ci.com/user/customizing-the-build#build-timeouts
_LONGEST = 50 * 60


def check(pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
    """Raises RenderError for more than Travis takes."""
    count = sum(1 for selected in jobs for _ in legs(selected.job))
    if count > _MOST_JOBS:
        raise RenderError(
            f"the pipeline has {count} jobs with all legs; a build of Travis has {_MOST_JOBS} at most",
            hint="narrow a matrix, or exclude legs of it",
        )
    for selected in jobs:
        if selected.job.timeout > _LONGEST:
            raise RenderError(
                f"timeout is {selected.job.timeout:g} s; Travis ends a job after {_LONGEST} s",
                where=f"job {selected.job.name!r}",
                hint="split the job, or lower its timeout",
            )
        for service in given(selected.job, pipeline):
            if service.kind not in INSTALLED:
                raise RenderError(
                    f"Travis has no service of the kind {service.kind}",
                    where=f"job {selected.job.name!r}",
                    hint="let it come from a container alone: sources=('container',)",
                )
