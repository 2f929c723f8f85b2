"""Rules for pipelines on GitHub: values that GitHub refuses, or reads otherwise than the other providers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ecluse.definition.model import Pipeline
from ecluse.definition.plan import legs
from ecluse.errors import RenderError
from ecluse.providers.github.queue import QUEUE
from ecluse.providers.github.workflow import GATE
from ecluse.providers.selection import Selected, secrets

__all__ = ["check"]

# https://docs.github.com/actions/reference/limits: legs of one job in one workflow run.
_MOST_LEGS = 256


def check(pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
    """Raises RenderError for what GitHub refuses or would misread."""
    for selected in jobs:
        _check_job(selected, pipeline)
    _check_expressions(pipeline, jobs)


def _check_job(selected: Selected, pipeline: Pipeline) -> None:
    job = selected.job
    where = f"pipeline.py, job {job.name!r}"
    for name, what in ((GATE, "judges the others"), (QUEUE, "asks for the proof of a merge queue")):
        if job.name == name:
            raise RenderError(
                f"{name!r} is the name of the job that {what} on GitHub", where=where, hint="name it otherwise"
            )
    count = sum(1 for _ in legs(job))
    if count > _MOST_LEGS:
        raise RenderError(
            f"makes {count} legs; GitHub runs {_MOST_LEGS} at most",
            where=f"{where}, field 'matrix'",
            hint="narrow the matrix, or exclude legs of it",
        )
    for name in secrets(job, pipeline):
        if name.upper().startswith("GITHUB_"):
            raise RenderError(
                f"{name}: GitHub keeps names that begin with GITHUB_ for itself",
                where=f"{where}, field 'secrets'",
                hint="name it otherwise",
            )


def _check_expressions(pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
    """GitHub evaluates ``${{ … }}`` wherever it stands; here and on Travis it would be text."""
    providers = pipeline.providers
    texts: dict[str, Collection[str]] = {
        "providers.env": providers.env.values(),
        "providers": (pipeline.name, providers.python, *providers.locks),
    }
    texts |= {f"environment {one.name!r}": (one.url,) for one in pipeline.environments}
    for selected in jobs:
        values = (value for axis in selected.job.matrix.values() for value in axis)
        texts[f"job {selected.job.name!r}, field 'matrix'"] = tuple(values)
    for place, found in texts.items():
        if any("${{" in text for text in found):
            raise RenderError(
                "contains ${{, which only GitHub would evaluate",
                where=f"pipeline.py, {place}",
                hint="write the value itself",
            )
