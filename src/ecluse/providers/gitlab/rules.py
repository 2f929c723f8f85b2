"""Rules for pipelines on GitLab: values that GitLab refuses."""

from __future__ import annotations

from collections.abc import Sequence

from ecluse.definition.model import Pipeline
from ecluse.definition.plan import legs
from ecluse.errors import RenderError
from ecluse.providers.gitlab.conditions import alternatives
from ecluse.providers.selection import Selected

__all__ = ["check"]

# https://docs.gitlab.com/ci/yaml/#parallelmatrix
_MOST_LEGS = 200

# https://docs.gitlab.com/ci/yaml/#needs
_MOST_NEEDS = 50

# https://docs.gitlab.com/ci/yaml/#cachekeyfiles
_MOST_LOCKS = 2

# Words of one expression: MAX_TOKENS in GitLab's lib/gitlab/ci/pipeline/expression/lexer.rb. An estimate from above.
_MOST_WORDS = 100


def check(pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
    """Raises RenderError for more than GitLab takes."""
    if len(pipeline.providers.locks) > _MOST_LOCKS:
        raise RenderError(
            f"{len(pipeline.providers.locks)} patterns; GitLab's key of a cache takes {_MOST_LOCKS}",
            where="pipeline.py, field 'providers.locks'",
            hint="name the locks by a pattern with *",
        )
    for selected in jobs:
        _check_job(selected)


def _check_job(selected: Selected) -> None:
    job = selected.job
    count = sum(1 for _ in legs(job))
    longest = max((len(_words(text)) for text in alternatives(selected.ever)), default=0) if selected.ever else 0
    for field, found, most, what in (
        ("matrix", count, _MOST_LEGS, "legs"),
        ("needs", len(job.needs), _MOST_NEEDS, "jobs"),
        ("when", longest, _MOST_WORDS, "words in one expression, with the conditions of what the job needs"),
    ):
        if found > most:
            raise RenderError(
                f"has {found} {what}; GitLab takes {most} at most",
                where=f"pipeline.py, job {job.name!r}, field {field!r}",
                hint="split the job, or leave something out",
            )


def _words(expression: str) -> list[str]:
    return expression.replace("(", "( ").replace(")", " )").split()
