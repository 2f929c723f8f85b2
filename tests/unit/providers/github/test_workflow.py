from __future__ import annotations

from typing import Any

import pytest

from ecluse.definition.model import Pipeline, Service
from ecluse.definition.words import any_of, merge_group, not_, pull_request, push, ship, tag
from ecluse.providers.github.local_actions import KEEP, REPORT, SETUP
from ecluse.providers.github.workflow import PUSHED, WORKFLOW
from ecluse.render import render
from tests.support.providers.pipelines import RELEASES, job, parsed, pipeline


def workflow(definition: Pipeline, path: str = WORKFLOW) -> Any:
    return parsed(render(definition).files[path])


@pytest.fixture(scope="module")
def releases() -> Any:
    """The workflow before a merge."""
    return workflow(RELEASES)


@pytest.fixture(scope="module")
def pushed() -> Any:
    """The workflow after a merge."""
    return workflow(RELEASES, PUSHED)


def test_workflow_starts_for_the_events_that_jobs_ask_for(releases: Any, pushed: Any) -> None:
    assert releases["on"] == {"pull_request": {"branches": ["staging"]}}
    assert pushed["on"] == {"push": {"branches": ["staging"], "tags": ["v**"]}}


def test_merge_queue_starts_the_workflow_before_a_merge() -> None:
    queued = job("lint", when=any_of(merge_group("main"), push()))
    found = workflow(pipeline(queued, job("other")))
    assert found["on"]["merge_group"] == {"types": ["checks_requested"]}
    assert found["jobs"]["lint"]["if"] == "github.event.merge_group.base_ref == 'refs/heads/main'"
    gate = found["jobs"]["gate"]["steps"][0]["env"]["RESULTS"]
    assert "other: ${{ (github.base_ref == 'staging') && needs.other.result || 'not asked for' }}" in gate
    # The queue's own branches are pushed too: they are tested once.
    assert workflow(pipeline(queued), PUSHED)["on"]["push"]["branches"] == ["**", "!gh-readonly-queue/**"]


def test_no_pushed_commit_is_left_out(pushed: Any) -> None:
    assert pushed["concurrency"] == {"group": "${{ github.workflow }}-${{ github.ref }}", "queue": "max"}
    assert pushed["name"] != RELEASES.name, "the two workflows do not wait for each other"


def test_a_job_for_any_branch_lets_every_branch_through() -> None:
    jobs = (job("a", when=push()), job("b", when=push("main")), job("c", when=tag("v+1/*")))
    found = workflow(pipeline(*jobs), PUSHED)
    assert found["on"] == {"push": {"branches": ["**"], "tags": ["v\\+1/**"]}}


def test_job_only_for_ship_is_not_rendered(releases: Any) -> None:
    assert "package" not in releases["jobs"] and "deploy-local" not in releases["jobs"]


def test_job_that_needs_a_missing_job_is_left_out() -> None:
    found = workflow(pipeline(job("a"), job("b", when=ship()), job("c", when=None, needs=("b",))))
    assert set(found["jobs"]) == {"a", "gate"}


def test_job_has_its_needs_and_its_condition(releases: Any, pushed: Any) -> None:
    assert pushed["jobs"]["image"]["needs"] == ["lint", "tests"]
    assert pushed["jobs"]["image"]["if"] == "github.ref == 'refs/heads/staging'"
    assert pushed["jobs"]["promote"]["if"] == "startsWith(github.ref, 'refs/tags/v')"
    assert pushed["jobs"]["lint"]["if"] == "github.ref == 'refs/heads/staging'"
    assert releases["jobs"]["lint"]["if"] == "github.base_ref == 'staging'"


def test_no_job_has_more_permissions_than_reading_the_code(releases: Any) -> None:
    assert releases["permissions"] == {}
    permissions = {name: made["permissions"] for name, made in releases["jobs"].items()}
    assert permissions.pop("gate") == {}
    assert set(map(str, permissions.values())) == {"{'contents': 'read'}"}


def test_credentials_are_not_left_in_the_checkout(releases: Any) -> None:
    for name, made in releases["jobs"].items():
        if name != "gate":
            assert made["steps"][0]["uses"].startswith("actions/checkout@")
            assert made["steps"][0]["with"]["persist-credentials"] is False


def test_outdated_pull_request_is_cancelled_but_no_rollout(releases: Any, pushed: Any) -> None:
    assert releases["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"
    rollout = pushed["jobs"]["deploy-production"]
    assert rollout["concurrency"] == {"group": "environment-production", "queue": "max"}


def test_a_rollout_names_its_environment_and_its_address(pushed: Any) -> None:
    assert pushed["jobs"]["deploy-staging"]["environment"] == {"name": "staging", "url": "https://staging.example"}
    assert "environment" not in pushed["jobs"]["lint"]


def test_secret_of_a_job_is_in_an_environment_of_its_name(pushed: Any) -> None:
    assert pushed["jobs"]["image"]["environment"] == {"name": "image", "deployment": False}


def test_secrets_reach_only_the_step_that_asks_for_them(pushed: Any) -> None:
    run = pushed["jobs"]["image"]["steps"][2]
    assert run["env"] == {"REGISTRY_PASSWORD": "${{ secrets.REGISTRY_PASSWORD }}"}
    assert pushed["jobs"]["deploy-staging"]["steps"][2]["env"] == {"STAGING_SSH_KEY": "${{ secrets.STAGING_SSH_KEY }}"}
    assert "secrets." not in str(pushed["jobs"]["lint"])


def test_matrix_and_its_exclusions_are_rendered_natively(releases: Any) -> None:
    assert releases["jobs"]["tests"]["strategy"] == {
        "fail-fast": False,
        "matrix": {
            "python": ["3.12", "3.13"],
            "django": ["5.2", "6.1"],
            "exclude": [{"python": "3.12", "django": "6.1"}],
        },
    }


def test_leg_passes_matrix_values_as_variables_not_code(releases: Any) -> None:
    setup, run = releases["jobs"]["tests"]["steps"][1:3]
    assert setup["uses"] == "./.github/actions/setup" and setup["with"] == {"python": "${{ matrix.python }}"}
    assert run["run"] == './ecluse run tests --matrix "python=$MATRIX_PYTHON" --matrix "django=$MATRIX_DJANGO"'
    assert run["env"]["MATRIX_PYTHON"] == "${{ matrix.python }}"


def test_shell_lines_hold_no_github_expression(releases: Any) -> None:
    for made in releases["jobs"].values():
        for step in made["steps"]:
            assert "${{" not in step.get("run", "")


def test_service_is_a_container_with_version_and_health_check(releases: Any) -> None:
    services = releases["jobs"]["tests"]["services"]
    assert services["db"]["image"] == "postgres:18"
    assert "--health-cmd 'pg_isready" in services["db"]["options"]
    assert services["cache"]["image"] == "redis:8"
    env = releases["jobs"]["tests"]["steps"][2]["env"]
    assert env["DATABASE_URL"] == "postgres://postgres@127.0.0.1:5432/postgres"
    assert env["REDIS_URL"] == "redis://127.0.0.1:6379/0"


def test_container_only_service_is_left_to_the_job(releases: Any) -> None:
    made = releases["jobs"]["container"]
    assert "services" not in made and "env" not in made["steps"][2]


def test_the_time_limit_leaves_room_for_every_attempt(releases: Any) -> None:
    assert releases["jobs"]["tests"]["timeout-minutes"] == 900 * 2 / 60 + 10


def test_report_is_always_uploaded_under_its_own_name(releases: Any) -> None:
    report = releases["jobs"]["tests"]["steps"][-1]
    assert report == {
        "if": "always()",
        "continue-on-error": True,
        "uses": "./.github/actions/report",
        "with": {"name": "run-tests-${{ strategy.job-index }}-${{ github.run_attempt }}"},
    }
    kept = parsed(render(RELEASES).files[REPORT])["runs"]["steps"][0]["with"]
    assert kept["path"] == ".ecluse/runs" and kept["include-hidden-files"] is True


def test_every_job_has_the_variables_and_skips_no_interpreter(releases: Any) -> None:
    assert releases["env"] == {
        "DJANGO_SETTINGS_MODULE": "settings.travis",
        "GREETING": "hello $USER",
        "TOX_SKIP_MISSING_INTERPRETERS": "false",
    }


def test_the_gate_judges_each_job_that_a_pull_request_may_run(releases: Any) -> None:
    gate = releases["jobs"]["gate"]
    assert gate["needs"] == ["lint", "tests", "container"]
    assert gate["if"] == "always() && (github.base_ref == 'staging')"
    assert gate["steps"][0]["env"]["RESULTS"].splitlines() == [
        "lint: ${{ needs.lint.result }}",
        "tests: ${{ needs.tests.result }}",
        "container: ${{ needs.container.result }}",
    ]


def test_gate_ignores_only_jobs_not_asked_for() -> None:
    everywhere, one = job("everywhere", when=None), job("one", when=pull_request("main"))
    gate = workflow(pipeline(everywhere, one))["jobs"]["gate"]
    assert gate["if"] == "always()"
    assert gate["steps"][0]["env"]["RESULTS"].splitlines() == [
        "everywhere: ${{ needs.everywhere.result }}",
        "one: ${{ (github.base_ref == 'main') && needs.one.result || 'not asked for' }}",
    ]


def test_workflow_without_pull_requests_has_no_gate() -> None:
    definition = pipeline(job(when=tag("v*")))
    assert WORKFLOW not in render(definition).files
    assert "gate" not in workflow(definition, PUSHED)["jobs"]


def test_a_negated_condition_keeps_its_brackets() -> None:
    found = workflow(pipeline(job(when=not_(any_of(push("main"), tag())))), PUSHED)
    condition = "!(github.ref == 'refs/heads/main' || startsWith(github.ref, 'refs/tags/'))"
    assert found["jobs"]["lint"]["if"] == condition


def setup_steps(definition: Pipeline) -> Any:
    return parsed(render(definition).files[SETUP])["runs"]["steps"]


def test_packages_are_restored_by_an_exact_key_alone() -> None:
    restore = setup_steps(RELEASES)[1]
    key = "packages-${{ runner.os }}-${{ runner.arch }}-${{ inputs.python }}-${{ hashFiles('requirements/*.txt') }}"
    assert restore["uses"].startswith("actions/cache/restore@")
    # No prefix: whatever another state of the locks has left is not taken for this one's.
    assert restore["with"] == {"path": "~/.cache/pip\n~/.cache/uv", "key": key}
    prune, save = parsed(render(RELEASES).files[KEEP])["runs"]["steps"]
    assert prune["run"] == ".ecluse/tool/bin/uv cache prune" and prune["continue-on-error"] is True
    assert save["uses"].startswith("actions/cache/save@")
    assert save["with"] == {"path": restore["with"]["path"], "key": "${{ inputs.key }}"}


def test_first_job_of_each_python_saves_the_packages(releases: Any) -> None:
    def kept(name: str) -> list[Any]:
        return [step for step in releases["jobs"][name]["steps"] if step.get("uses") == "./.github/actions/keep"]

    (lint,), (tests,) = kept("lint"), kept("tests")
    assert lint["with"] == {"key": "${{ steps.setup.outputs.key }}"} and lint["continue-on-error"] is True
    missing = "steps.setup.outputs.restored != 'true'"
    assert lint["if"] == missing
    # Of Python 3.12 there is one leg, and 3.13 is the job's before it.
    assert tests["if"] == f"{missing} && matrix.python == '3.12' && matrix.django == '5.2'"
    assert kept("container") == []


def test_job_with_credentials_restores_no_packages(pushed: Any) -> None:
    restored = {name: made["steps"][1]["with"].get("packages") for name, made in pushed["jobs"].items()}
    assert {name for name, packages in restored.items() if packages is False} == {
        *("image", "promote", "deploy-staging", "deploy-production")
    }
    assert restored["lint"] is None, "by default they are"


def test_history_is_checked_out_only_for_jobs_that_need_it() -> None:
    jobs = workflow(pipeline(job("compatibility", history=True), job("lint")))["jobs"]
    depths = {name: jobs[name]["steps"][0]["with"].get("fetch-depth") for name in ("compatibility", "lint")}
    assert depths == {"compatibility": 0, "lint": None}


def test_browser_is_installed_if_the_runner_has_none() -> None:
    definition = pipeline(job("e2e", browser=True), job("lint"))
    jobs = workflow(definition)["jobs"]
    assert jobs["e2e"]["steps"][1]["with"] == {"python": "3.13", "browser": True}
    assert jobs["lint"]["steps"][1]["with"] == {"python": "3.13"}
    browser = setup_steps(definition)[-1]
    assert browser["if"] == "inputs.browser == 'true'"
    assert browser["run"].startswith("command -v google-chrome || command -v chromium ||")


def test_actions_are_pinned_by_commit_with_version_comment() -> None:
    for path in (WORKFLOW, SETUP, KEEP, REPORT):
        for line in render(RELEASES).files[path].splitlines():
            if "uses: actions/" in line:
                assert pytest.approx(40) == len(line.split("@")[1].split(" ")[0])
                assert line.split("# v")[1][0].isdigit()


@pytest.mark.parametrize("kind", ["postgres", "redis", "rabbitmq", "mongodb"])
def test_every_kind_of_service_can_be_given(kind: Any) -> None:
    definition = pipeline(job(services=("it",)), services=(Service(name="it", kind=kind, version="1"),))
    service = workflow(definition)["jobs"]["lint"]["services"]["it"]
    port = service["ports"][0].split(":")[0]
    assert f"127.0.0.1:{port}" in str(workflow(definition)["jobs"]["lint"]["steps"][2]["env"])


def test_job_with_identity_alone_may_ask_for_a_token() -> None:
    jobs = workflow(pipeline(job("publish", when=tag("v*"), identity="pypi"), job("lint", when=push())), PUSHED)["jobs"]
    assert jobs["publish"]["permissions"] == {"contents": "read", "id-token": "write"}
    assert jobs["publish"]["environment"] == {"name": "pypi"}
    assert jobs["lint"]["permissions"] == {"contents": "read"} and "environment" not in jobs["lint"]
