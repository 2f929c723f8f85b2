from __future__ import annotations

from pathlib import Path

from ecluse.providers.github.log import commands
from ecluse.providers.log import Annotation
from ecluse.run.failures import failures
from tests.support.doubles.runs import ended
from tests.support.providers.pipelines import job, pipeline

PIPELINE = pipeline(job("lint"))


def test_error_without_a_file_is_of_the_job() -> None:
    assert commands([Annotation("checks", "tox ended with 1")]) == "::error title=checks::tox ended with 1\n"


def test_job_output_cannot_inject_workflow_commands(tmp_path: Path) -> None:
    hostile = "a,b.py:1:2: 100%\r::set-env name=X::y\nsrc/a.py:1:2: x%0A::warning::y\n"
    run = ended(PIPELINE, tmp_path / "run", {"lint": "failed"}, logs={"lint": hostile})
    lines = commands(failures(run)).splitlines()
    assert lines == ["::error file=src/a.py,line=1,col=2,title=lint::x%250A::warning::y"]


def test_annotations_are_limited_to_what_github_shows(tmp_path: Path) -> None:
    log = "".join(f"src/a.py:{line}:1: E501 long\n" for line in range(1, 40))
    run = ended(PIPELINE, tmp_path / "run", {"lint": "failed"}, logs={"lint": log})
    assert commands(failures(run)).count("::error ") == 10
