from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from ecluse.definition.model import Event, Pipeline
from ecluse.definition.plan import plan
from ecluse.definition.words import pull_request, push, tag
from ecluse.errors import RenderError
from ecluse.providers.travis.config import BUILD
from ecluse.render import render
from tests.support.providers.pipelines import RELEASES, job, only, parsed, pipeline
from tests.support.providers.travis_conditions import data_of, evaluate


def build(definition: Pipeline) -> Any:
    return parsed(render(only("travis", definition)).files[BUILD])


@pytest.fixture(scope="module")
def releases() -> Any:
    return build(RELEASES)


def named(build: Any) -> dict[str, Any]:
    return {made["name"]: made for made in build["jobs"]["include"]}


def test_travis_file_opts_into_validation(releases: Any) -> None:
    assert releases["version"] == "~> 1.0"


def test_every_leg_is_a_travis_job_with_name_stage_and_condition(releases: Any) -> None:
    names = list(named(releases))
    assert names[:4] == ["lint", "tests (3.12, 5.2)", "tests (3.13, 5.2)", "tests (3.13, 6.1)"]
    for made in releases["jobs"]["include"]:
        assert {"name", "stage", "if", "python", "install", "script"} <= set(made)


def test_a_leg_runs_on_its_own_python_and_by_one_command(releases: Any) -> None:
    made = named(releases)["tests (3.12, 5.2)"]
    assert made["python"] == "3.12"
    assert shlex.split(made["script"]) == [
        "./ecluse",
        "run",
        "tests",
        "--matrix",
        "python=3.12",
        "--matrix",
        "django=5.2",
    ]


def test_stages_follow_what_jobs_need(releases: Any) -> None:
    stages = {name: made["stage"] for name, made in named(releases).items()}
    assert stages["lint"] == stages["promote"] == "stage 1"
    assert stages["image"] == stages["deploy-production"] == "stage 2"
    assert stages["deploy-staging"] == "stage 3"
    assert releases["stages"] == ["stage 1", "stage 2", "stage 3"]


EVENTS = {
    "pull request": Event(kind="pull_request", branch="staging"),
    "push": Event(kind="push", branch="staging"),
    "tag": Event(kind="tag", tag="v1.0"),
    "branch like a tag": Event(kind="push", branch="v1.0"),
    "another branch": Event(kind="push", branch="topic"),
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_an_event_starts_the_jobs_that_the_plan_names(releases: Any, event: Event) -> None:
    planned = {leg.name for leg in plan(RELEASES, event).running}
    started = {name for name, made in named(releases).items() if evaluate(made["if"], data_of(event))}
    assert started == planned
    assert evaluate(releases["if"], data_of(event)) is bool(planned)


@pytest.mark.parametrize("kind", ["cron", "api"])
def test_cron_and_api_builds_are_not_made(releases: Any, kind: str) -> None:
    assert not evaluate(releases["if"], {"type": kind, "branch": "staging", "tag": None})


def test_a_job_that_is_limited_only_by_what_it_needs_says_so() -> None:
    found = named(build(pipeline(job("a", when=push("main")), job("b", when=None, needs=("a",)))))
    assert found["b"]["if"] == found["a"]["if"]


def test_a_given_service_is_travis_s_own(releases: Any) -> None:
    made = named(releases)["tests (3.13, 5.2)"]
    assert made["services"] == ["postgresql", "redis"]
    assert "DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres" in made["env"]


def test_a_service_in_a_container_asks_for_docker_alone(releases: Any) -> None:
    made = named(releases)["container"]
    assert made["services"] == ["docker"] and "env" not in made


def test_a_job_that_needs_the_history_has_the_whole_of_it() -> None:
    found = named(build(pipeline(job("compatibility", history=True), job("lint"))))
    assert found["compatibility"]["git"] == {"depth": False} and "git" not in found["lint"]


def test_a_job_that_needs_a_browser_has_one_installed() -> None:
    found = named(build(pipeline(job("e2e", browser=True, engine=True), job("lint"))))
    assert found["e2e"]["addons"] == {"chrome": "stable"} and found["e2e"]["services"] == ["docker"]
    assert "addons" not in found["lint"]


def test_values_reach_bash_as_they_are_written(releases: Any) -> None:
    assert shlex.split(releases["env"]["global"][1]) == ["GREETING=hello $USER"]


def test_encrypted_variables_are_named_without_values() -> None:
    text = render(only("travis", RELEASES)).files[BUILD]
    assert "# Encrypted variables, set in the repository's settings: REGISTRY_PASSWORD, STAGING_SSH_KEY" in text
    assert "secrets" not in text.replace("# ", "").split("\n", 2)[2]


def test_default_install_step_is_replaced(releases: Any) -> None:
    assert {made["install"] for made in releases["jobs"]["include"]} == {"./ecluse --version"}


def test_more_jobs_than_a_build_has_are_refused() -> None:
    wide = job(matrix={"a": tuple(map(str, range(101))), "b": ("1", "2")})
    with pytest.raises(RenderError, match="202 jobs .* 200 at most"):
        render(only("travis", pipeline(wide)))


def test_a_time_limit_beyond_travis_s_own_is_refused() -> None:
    with pytest.raises(RenderError, match="Travis ends a job after 3000 s") as error:
        render(pipeline(job(timeout=3600)))
    assert error.value.where == "job 'lint'"


def test_an_event_without_a_limit_starts_every_build() -> None:
    found = build(pipeline(job(when=None)))
    assert found["if"] == "type IN (push, pull_request)"
    assert "if" not in found["jobs"]["include"][0]


def test_travis_conditions_are_simplified() -> None:
    found = named(build(pipeline(job("a", when=pull_request("staging")), job("b", when=tag("v*")))))
    assert found["a"]["if"] == 'type = pull_request AND branch = "staging"'
    assert found["b"]["if"] == "type = push AND tag =~ /^v.*$/"


def test_job_without_matrix_runs_on_the_pipelines_python() -> None:
    definition = pipeline(job())
    definition = replace(definition, providers=replace(definition.providers, python="3.12"))
    assert named(build(definition))["lint"]["python"] == "3.12"


def test_job_with_identity_is_left_out_with_what_needs_it() -> None:
    publish = job("publish", when=tag("v*"), identity="pypi")
    announce = job("announce", when=tag("v*"), needs=("publish",))
    assert [*named(build(pipeline(publish, announce, job("deploy", when=tag("v*")))))] == ["deploy"]
