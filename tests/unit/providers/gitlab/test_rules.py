from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecluse.definition.words import any_of, not_, push
from ecluse.errors import RenderError
from ecluse.render import render
from tests.support.providers.pipelines import job, only, pipeline

MANY = tuple(f"need{index}" for index in range(51))


@pytest.mark.parametrize(
    ("fields", "place", "problem"),
    [
        ({"matrix": {"a": tuple(map(str, range(201)))}}, "matrix", "has 201 legs; GitLab takes 200"),
        ({"needs": MANY}, "needs", "has 51 jobs; GitLab takes 50"),
        ({"when": not_(any_of(*(push(f"b{index}") for index in range(20))))}, "when", "words in one expression"),
    ],
)
def test_job_that_gitlab_refuses_is_refused(fields: dict[str, Any], place: str, problem: str) -> None:
    needed = [job(name) for name in fields.get("needs", ())]
    with pytest.raises(RenderError, match=problem) as error:
        render(only("gitlab", pipeline(*needed, job("it", **fields))))
    assert error.value.where == f"pipeline.py, job 'it', field '{place}'"


def test_more_locks_than_a_key_takes_are_refused() -> None:
    definition = only("gitlab", pipeline(job()))
    providers = replace(definition.providers, locks=("a", "b", "c"))
    with pytest.raises(RenderError, match="3 patterns; GitLab's key of a cache takes 2"):
        render(replace(definition, providers=providers))
