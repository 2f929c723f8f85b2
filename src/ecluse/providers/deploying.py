"""The provider that deploys. A job that publishes or rolls out runs at one provider; every other provider checks.

A commit is seen by every provider that its repository is connected with. If two of them had the jobs that push images
and roll out, each would do so, and each would keep the credentials.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ecluse.definition.model import Job, Pipeline
from ecluse.errors import RenderError
from ecluse.providers.selection import Selected

__all__ = ["deploys", "shares"]

_FIELD = "pipeline.py, field 'providers.deploys'"


def deploys(job: Job) -> bool:
    """Whether *job* changes something outside of its machine: it has a secret, an environment or an identity."""
    return bool(job.secrets or job.environment is not None or job.identity is not None)


def shares(pipeline: Pipeline, names: Collection[str], jobs: Sequence[Selected]) -> dict[str, tuple[Selected, ...]]:
    """The jobs that each of the providers *names* runs, of *jobs*.

    Raises RenderError where it is not clear which of the providers deploys.
    """
    _check(pipeline, names, jobs)
    alone = len(names) == 1
    return {
        name: tuple(jobs) if alone or name == pipeline.providers.deploys else _without_deploying(jobs) for name in names
    }


def _check(pipeline: Pipeline, names: Collection[str], jobs: Iterable[Selected]) -> None:
    named = pipeline.providers.deploys
    if named and named not in names:
        raise RenderError(
            f"the pipeline is not rendered for {named!r}", where=_FIELD, hint=f"it is for {', '.join(names)}"
        )
    deploying = [selected.job.name for selected in jobs if deploys(selected.job)]
    if deploying and not named and len(names) > 1:
        raise RenderError(
            f"{len(names)} providers ({', '.join(names)}) would each run {', '.join(deploying)}",
            where=_FIELD,
            hint=f'name the one that deploys, Providers(deploys="{next(iter(names))}"): the others check',
        )


def _without_deploying(jobs: Sequence[Selected]) -> tuple[Selected, ...]:
    """*jobs* without those that deploy, and without those that need such a job."""
    out: set[str] = set()
    for selected in sorted(jobs, key=lambda selected: selected.stage):
        if deploys(selected.job) or out.intersection(selected.job.needs):
            out.add(selected.job.name)
    return tuple(selected for selected in jobs if selected.job.name not in out)
