from __future__ import annotations

from typing import Any

import pytest

from ecluse.definition.model import Event, Output, Pipeline, Service
from ecluse.definition.plan import plan
from ecluse.definition.words import push
from ecluse.providers.gitlab.config import CONFIG
from ecluse.render import render
from tests.support.providers.gitlab_conditions import evaluate, variables_of
from tests.support.providers.pipelines import RELEASES, job, only, parsed, pipeline


def config(definition: Pipeline) -> Any:
    return parsed(render(only("gitlab", definition)).files[CONFIG])


@pytest.fixture(scope="module")
def releases() -> Any:
    return config(RELEASES)


def jobs(config: Any) -> dict[str, Any]:
    return {name: job for name, job in config.items() if isinstance(job, dict) and "script" in job}


def selects(rules: list[dict[str, Any]], event: Event) -> bool:
    return any("if" not in rule or evaluate(rule["if"], variables_of(event)) for rule in rules)


EVENTS = {
    "merge request": Event(kind="pull_request", branch="staging"),
    "push": Event(kind="push", branch="staging"),
    "tag": Event(kind="tag", tag="v1.0"),
    "branch like a tag": Event(kind="push", branch="v1.0"),
    "another branch": Event(kind="push", branch="topic"),
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_gitlab_starts_the_jobs_that_the_plan_names(releases: Any, event: Event) -> None:
    planned = {leg.job.name for leg in plan(RELEASES, event).running}
    started = {name.removeprefix("job ") for name, made in jobs(releases).items() if selects(made["rules"], event)}
    assert started == planned
    assert selects(releases["workflow"]["rules"], event) is bool(planned)


@pytest.mark.parametrize("source", ["schedule", "api", "web"])
def test_pipeline_without_an_event_is_not_made(releases: Any, source: str) -> None:
    variables = {"CI_PIPELINE_SOURCE": source, "CI_COMMIT_BRANCH": "staging"}
    assert not any(evaluate(rule["if"], variables) for rule in releases["workflow"]["rules"])


def test_job_for_every_event_has_a_rule() -> None:
    # Without one GitLab would leave it out of merge requests.
    found = config(pipeline(job("lint", when=None)))
    assert found["lint"]["rules"] == [{"when": "on_success"}]
    assert len(found["workflow"]["rules"]) == 3


def test_needs_make_a_graph(releases: Any) -> None:
    needs = {name: [need["job"] for need in made["needs"]] for name, made in jobs(releases).items()}
    assert needs["lint"] == []
    assert needs["job image"] == ["lint", "tests"]
    assert needs["deploy-staging"] == ["job image"]
    assert releases["deploy-staging"]["needs"][0]["artifacts"] is False


def test_job_name_that_gitlab_keeps_has_a_word_before_it(releases: Any) -> None:
    assert "image" not in releases
    assert releases["job image"]["script"] == ["./ecluse run image"]


def test_outdated_merge_request_is_cancelled_but_no_rollout(releases: Any) -> None:
    cancels = [rule["auto_cancel"]["on_new_commit"] for rule in releases["workflow"]["rules"]]
    assert cancels == ["interruptible", "none", "none"]
    assert {name for name, made in jobs(releases).items() if made.get("interruptible")} == {
        "lint",
        "tests",
        "container",
    }


def test_rollout_is_alone_in_its_environment_and_not_repeated(releases: Any) -> None:
    made = releases["deploy-staging"]
    assert made["environment"] == {"name": "staging", "url": "https://staging.example"}
    assert made["resource_group"] == "environment-staging" and made["retry"] == 0


def test_rollout_waits_for_a_person_where_the_environment_asks(releases: Any) -> None:
    manual = {
        name for name, made in jobs(releases).items() if any(rule.get("when") == "manual" for rule in made["rules"])
    }
    assert manual == {"deploy-production"}
    assert releases["deploy-production"]["rules"][0]["allow_failure"] is False


def test_leg_runs_on_its_python_and_its_values_are_not_code(releases: Any) -> None:
    made = releases["tests"]
    assert made["image"] == "python:$MATRIX_PYTHON-trixie"
    assert made["script"] == ['./ecluse run tests --matrix "python=$MATRIX_PYTHON" --matrix "django=$MATRIX_DJANGO"']
    assert made["parallel"]["matrix"] == [
        {"MATRIX_PYTHON": "3.12", "MATRIX_DJANGO": "5.2"},
        {"MATRIX_PYTHON": "3.13", "MATRIX_DJANGO": "5.2"},
        {"MATRIX_PYTHON": "3.13", "MATRIX_DJANGO": "6.1"},
    ]


def test_matrix_without_exclusions_is_gitlab_s_own() -> None:
    made = config(pipeline(job(matrix={"python": ("3.12", "3.13")})))["lint"]
    assert made["parallel"] == {"matrix": [{"MATRIX_PYTHON": ["3.12", "3.13"]}]}


def test_given_service_is_a_container_of_its_version(releases: Any) -> None:
    made = releases["tests"]
    assert made["services"] == [
        {"name": "postgres:18", "alias": "postgres", "variables": {"POSTGRES_HOST_AUTH_METHOD": "trust"}},
        {"name": "redis:8", "alias": "redis"},
    ]
    assert made["variables"]["DATABASE_URL"] == "postgres://postgres@postgres:5432/postgres"
    assert made["variables"]["REDIS_URL"] == "redis://redis:6379/0"


@pytest.mark.parametrize("kind", ["postgres", "redis", "rabbitmq", "mongodb"])
def test_every_kind_of_service_is_reached_by_its_alias(kind: str) -> None:
    definition = pipeline(job(services=("it",)), services=(Service(name="it", kind=kind, version="1"),))
    made = config(definition)["lint"]
    assert made["services"][0]["alias"] == kind
    assert f"{kind}:" in str(made["variables"])


def test_job_that_starts_containers_has_an_engine_beside_it(releases: Any) -> None:
    made = releases["container"]
    assert [service["alias"] for service in made["services"]] == ["docker"]
    assert made["variables"]["DOCKER_HOST"] == "tcp://docker:2376"
    assert "before_script" not in made
    engine = config(pipeline(job(engine=True, browser=True)))["lint"]
    assert engine["before_script"][0].endswith("docker-cli docker-buildx docker-compose chromium")


def test_job_that_needs_the_history_fetches_every_branch() -> None:
    made = config(pipeline(job(history=True)))["lint"]
    assert made["variables"] == {"GIT_DEPTH": "0"}
    assert made["before_script"] == ["git fetch --quiet --tags origin '+refs/heads/*:refs/remotes/origin/*'"]


def test_time_limit_leaves_room_for_every_attempt(releases: Any) -> None:
    assert releases["tests"]["timeout"] == "40 minutes"


def test_images_have_exact_tags(releases: Any) -> None:
    images = [releases["default"]["image"], *(made["image"] for made in jobs(releases).values() if "image" in made)]
    images += [service["name"] for made in jobs(releases).values() for service in made.get("services", ())]
    assert all(":" in image and not image.endswith("latest") for image in images)


def test_reports_are_kept_and_shown_in_the_merge_request() -> None:
    found = config(pipeline(job("lint"), job("cover", outputs=(Output(path="coverage.xml", kind="coverage"),))))
    kept = found["default"]["artifacts"]
    assert kept["when"] == "always" and kept["reports"] == {"junit": ".ecluse/runs/*/junit.xml"}
    report = found["cover"]["artifacts"]["reports"]["coverage_report"]
    assert report == {"coverage_format": "cobertura", "path": ".ecluse/runs/*/outputs/*/coverage.xml"}
    assert found["cover"]["coverage"].startswith("/TOTAL")


def test_packages_of_a_python_and_the_locks_have_one_cache(releases: Any) -> None:
    cache = releases["default"]["cache"]
    assert cache == {
        "key": {"files": ["requirements/*.txt"], "prefix": "python-3.13"},
        "paths": [".ecluse/downloads/pip/", ".ecluse/downloads/uv/"],
        "policy": "pull",
    }
    assert releases["variables"]["XDG_CACHE_HOME"] == "$CI_PROJECT_DIR/.ecluse/downloads"
    # The first job of each Python saves it: the tests alone have Python 3.12.
    assert releases["lint"]["cache"] == {**cache, "policy": "pull-push"}
    key = {"files": ["requirements/*.txt"], "prefix": "python-$MATRIX_PYTHON"}
    assert releases["tests"]["cache"] == {**cache, "key": key, "policy": "pull-push"}
    assert "cache" not in releases["container"]


def test_job_with_credentials_takes_nothing_from_a_cache(releases: Any) -> None:
    for name in ("job image", "deploy-staging", "promote", "deploy-production"):
        assert releases[name]["cache"] == []


def test_machine_failure_is_retried_but_no_failed_job(releases: Any) -> None:
    assert releases["default"]["retry"] == {"max": 2, "when": ["runner_system_failure", "scheduler_failure"]}


def test_value_with_a_dollar_is_not_expanded(releases: Any) -> None:
    assert releases["variables"]["GREETING"] == {"value": "hello $USER", "expand": False}
    assert releases["variables"]["DJANGO_SETTINGS_MODULE"] == "settings.travis"


def test_protected_variables_are_named_and_have_no_value_here() -> None:
    text = render(only("gitlab", RELEASES)).files[CONFIG]
    scope = "# Variables, protected and masked, with the environment scope"
    assert f"{scope} image: REGISTRY_PASSWORD\n" in text
    assert f"{scope} staging: STAGING_SSH_KEY\n" in text
    assert parsed(text)["job image"]["environment"] == {"name": "image", "action": "access"}
    assert all(line.startswith("#") for line in text.splitlines() if "SSH_KEY" in line or "PASSWORD" in line)


def test_job_selected_by_what_it_needs_alone_has_their_rules() -> None:
    found = config(pipeline(job("a", when=push("main")), job("b", when=None, needs=("a",))))
    assert found["b"]["rules"] == found["a"]["rules"]


def test_identity_of_a_job_is_a_token_for_its_audience() -> None:
    made = config(pipeline(job(identity="pypi", when=push("main"))))["lint"]
    assert made["id_tokens"] == {"PYPI_ID_TOKEN": {"aud": "pypi"}}
    assert made["environment"] == {"name": "pypi"}
