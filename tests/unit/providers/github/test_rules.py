from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecluse.definition.model import Environment, Pipeline
from ecluse.definition.words import push
from ecluse.errors import RenderError
from ecluse.render import render
from tests.support.providers.pipelines import ACCEPT_ALL, job, pipeline

TEST = Environment(name="test", target="server", settings="s", url="https://test.example", secrets=("GITHUB_KEY",))


@pytest.mark.parametrize(
    ("fields", "place", "problem"),
    [
        ({"matrix": {"a": tuple(map(str, range(300)))}}, "matrix", "makes 300 legs; GitHub runs 256 at most"),
        ({"secrets": ("GITHUB_PAT",), "when": push()}, "secrets", "GITHUB_PAT: GitHub keeps names"),
        ({"environment": "test", "when": push()}, "secrets", "GITHUB_KEY: GitHub keeps names"),
    ],
)
def test_job_that_github_refuses_is_refused(fields: dict[str, Any], place: str, problem: str) -> None:
    with pytest.raises(RenderError, match=problem) as error:
        render(pipeline(job(**fields), environments=(TEST,)))
    assert error.value.where == f"pipeline.py, job 'lint', field '{place}'"


def test_job_named_gate_is_refused() -> None:
    with pytest.raises(RenderError, match="'gate' is the name of the job that judges"):
        render(pipeline(job("gate")))


@pytest.mark.parametrize(
    "definition",
    [
        pipeline(job(matrix={"axis": ("${{ github.head_ref }}",)})),
        pipeline(job(), providers=replace(ACCEPT_ALL, env={"NAME": "a ${{ secrets.KEY }}"})),
        pipeline(job(), name="${{ github.title }}"),
    ],
)
def test_github_expression_in_a_value_is_refused(definition: Pipeline) -> None:
    with pytest.raises(RenderError, match="which only GitHub would evaluate"):
        render(definition)
