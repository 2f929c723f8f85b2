from __future__ import annotations

from typing import Any

import pytest

from ecluse.definition.model import Job
from ecluse.definition.words import push, ship, tox
from ecluse.errors import RenderError
from ecluse.render import render
from tests.support.providers.pipelines import job, parsed, pipeline

LINT = job("lint", together="quick", steps=(tox("lint"),))
TYPES = job("types", together="quick", steps=(tox("types"),), history=True)


def files(*jobs: Job) -> dict[str, Any]:
    return {path: parsed(text) for path, text in render(pipeline(*jobs)).files.items()}


def test_joined_jobs_are_one_job_on_every_provider() -> None:
    found = files(LINT, job("tests"), TYPES)
    workflow, gitlab, travis = (
        found[path] for path in (".github/workflows/pipeline.yml", ".gitlab-ci.yml", ".travis.yml")
    )
    assert list(workflow["jobs"]) == ["quick", "tests", "gate"]
    assert workflow["jobs"]["quick"]["steps"][2]["run"] == gitlab["quick"]["script"][0] == "./ecluse run lint types"
    assert {made["name"]: made["script"] for made in travis["jobs"]["include"]} == {
        "quick": "./ecluse run lint types",
        "tests": "./ecluse run tests",
    }
    assert "lint" not in gitlab and workflow["jobs"]["gate"]["needs"] == ["quick", "tests"]


def test_joined_job_has_what_each_of_its_jobs_needs() -> None:
    quick = files(LINT, TYPES)[".github/workflows/pipeline.yml"]["jobs"]["quick"]
    assert quick["steps"][0]["with"]["fetch-depth"] == 0
    assert quick["timeout-minutes"] == 30, "both, one after the other, and ten minutes around them"


def test_job_after_a_joined_one_needs_the_job_that_runs_it() -> None:
    later = job("image", needs=("lint", "types", "tests"))
    assert files(LINT, TYPES, job("tests"), later)[".gitlab-ci.yml"]["job image"]["needs"] == [
        {"job": "quick", "artifacts": False},
        {"job": "tests", "artifacts": False},
    ]


def test_job_alone_in_its_group_has_the_name_of_the_group() -> None:
    assert list(files(LINT, job("types", together="quick", when=ship()))[".github/workflows/pipeline.yml"]["jobs"]) == [
        "quick",
        "gate",
    ]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (job("types", together="quick", when=push()), "runs for other events"),
        (job("types", together="quick", needs=("tests",)), "after other jobs, than 'lint'"),
        (job("types", together="quick", matrix={"python": ("3.13",)}), "a job with matrix is not joined"),
        (job("quick"), "there is a job 'quick' already"),
    ],
)
def test_jobs_that_cannot_be_one_are_refused(other: Job, why: str) -> None:
    with pytest.raises(RenderError, match=why) as error:
        render(pipeline(LINT, job("tests"), other))
    assert str(error.value.where).endswith("field 'together'")
