"""What holds for the rendered files together."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecluse.definition.load import load
from ecluse.definition.model import Pipeline, Service
from ecluse.definition.words import push
from ecluse.errors import RenderError
from ecluse.providers.github.actions import ACTIONS, Action, uses
from ecluse.providers.yaml import Commented, dump
from ecluse.render import HEADER, PROVIDERS, render
from ecluse.render.drift import drifts
from tests.support.providers.pipelines import ACCEPT_ALL, RELEASES, job, parsed, pipeline


def test_rendered_files_of_this_repository_are_up_to_date(request: Any) -> None:
    top = Path(request.config.rootpath)
    found = drifts(top, render(load(top / "pipeline.py")).files, HEADER)
    assert not found, "".join(drift.diff() for drift in found)


def test_rendering_twice_gives_the_same_bytes() -> None:
    assert render(RELEASES).files == render(RELEASES).files


def test_every_file_says_that_it_is_rendered_and_how() -> None:
    for text in render(RELEASES).files.values():
        assert text.startswith(f"# {HEADER}\n")


def test_providers_run_the_same_jobs_by_the_same_commands() -> None:
    files = render(RELEASES).files
    workflow, build = parsed(files[".github/workflows/pipeline.yml"]), parsed(files[".travis.yml"])
    on_github = {
        step["run"].split()[2]
        for made in workflow["jobs"].values()
        for step in made["steps"]
        if "ecluse run" in step.get("run", "")
    }
    on_travis = {made["script"].split()[2] for made in build["jobs"]["include"]}
    assert on_github == on_travis == {job.name for job in RELEASES.jobs} - {"package", "deploy-local"}


def test_inexpressible_condition_is_refused_with_its_place() -> None:
    with pytest.raises(RenderError) as error:
        render(pipeline(job("odd", when=push("a*b*c"))))
    assert error.value.where == "pipeline.py, job 'odd', field 'when'"
    assert "GitHub" in error.value.what


def test_two_services_at_one_address_are_refused() -> None:
    services = tuple(Service(name=name, kind="postgres", version="18") for name in "ab")
    with pytest.raises(RenderError, match="two services of the kind postgres") as error:
        render(pipeline(job(services=("a", "b")), services=services))
    assert error.value.where == "pipeline.py, job 'lint', field 'services'"


@pytest.mark.parametrize(
    "definition",
    [
        pipeline(job(matrix={"axis": ("${{ github.head_ref }}",)})),
        pipeline(job(), providers=replace(ACCEPT_ALL, env={"NAME": "a ${{ secrets.KEY }}"})),
        pipeline(job(), name="${{ github.title }}"),
    ],
)
def test_github_expression_in_a_value_is_refused(definition: Pipeline) -> None:
    with pytest.raises(RenderError, match="which GitHub would evaluate"):
        render(definition)


def test_an_action_without_a_pin_is_refused() -> None:
    with pytest.raises(RenderError, match="the action actions/labeler has no pin") as error:
        uses("actions/labeler")
    assert "40 digits" in str(error.value.hint)


@pytest.mark.parametrize("commit", ["v4", "main", "11bd719", "A" * 40])
def test_a_pin_that_is_no_commit_is_refused(commit: str) -> None:
    with pytest.raises(RenderError, match="which is no commit"):
        uses("a/b", {"a/b": Action("v1", commit)})


def test_the_table_pins_every_action_by_commit_and_version() -> None:
    for name, action in ACTIONS.items():
        assert re.fullmatch(r"actions/[a-z-]+", name)
        assert re.fullmatch(r"[0-9a-f]{40}", action.commit)
        assert re.fullmatch(r"v\d+\.\d+\.\d+", action.version)


def test_providers_are_in_one_registry() -> None:
    assert list(PROVIDERS) == ["github", "travis"]


@pytest.mark.parametrize(
    "value", ["3.10", "5432:5432", "true", "No", "null", "~", "012", "! grep x", "a: b", "# no", "on"]
)
def test_yaml_string_is_read_back_unchanged(value: str) -> None:
    from ruamel.yaml import YAML

    text = dump({"key": value}, "Header.")
    for version in ("1.1", "1.2"):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        assert reader.load(text) == {"key": value}


def test_yaml_comment_is_at_the_end_of_its_line() -> None:
    assert dump({"uses": Commented("a@1", "v1"), "b": 1}, "Two\nlines.") == "# Two\n# lines.\nuses: a@1 # v1\nb: 1\n"


def test_a_hundred_jobs_render_in_a_moment() -> None:
    definition = pipeline(*(job(f"job{index}", matrix={"python": ("3.12",)}) for index in range(100)))
    render(pipeline(job()))
    began = time.process_time()
    render(definition)
    # The budget is 0.3 s, kept by benchmarks/pipeline; here only what is an order of magnitude off fails.
    assert time.process_time() - began < 3
