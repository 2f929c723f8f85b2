"""Whether a pushed commit is tested again that a merge queue has tested."""

from __future__ import annotations

from typing import Any

from ecluse.definition.words import any_of, merge_group, pull_request, push, tag
from ecluse.providers.github.workflow import PUSHED, WORKFLOW
from ecluse.render import render
from tests.support.providers.pipelines import job, parsed, pipeline

MERGED = any_of(pull_request("main"), merge_group("main"), push("main"))
QUEUED = job("tests", when=MERGED)


def pushed(*jobs: Any) -> Any:
    return parsed(render(pipeline(*jobs)).files[PUSHED])["jobs"]


def test_job_that_the_queue_has_run_is_skipped_after_it() -> None:
    found = pushed(QUEUED)
    assert found["tests"]["needs"] == ["queue"]
    assert found["tests"]["if"] == (
        "!cancelled() && needs.queue.outputs.proved != 'true' && github.ref == 'refs/heads/main'"
    )
    assert found["queue"]["if"] == "github.ref == 'refs/heads/main'"
    assert found["queue"]["permissions"] == {"actions": "read"}, "it checks nothing out"


def test_queue_is_asked_about_this_commit_and_this_branch() -> None:
    step = pushed(QUEUED)["queue"]["steps"][0]
    assert step["env"] == {"TOKEN": "${{ github.token }}", "WORKFLOW": WORKFLOW.rpartition("/")[2]}
    assert "event=merge_group&status=success&head_sha=$GITHUB_SHA" in step["run"]
    assert "gh-readonly-queue/$GITHUB_REF_NAME/pr-" in step["run"]


def test_job_proved_by_the_queue_asks_for_its_other_needs() -> None:
    # With !cancelled(), by which it runs where the job that asks has failed, GitHub asks for none by itself.
    found = pushed(QUEUED, job("lint", when=MERGED), job("e2e", when=MERGED, needs=("tests", "lint")))
    assert found["e2e"]["needs"] == ["queue", "tests", "lint"]
    assert found["e2e"]["if"] == (
        "!cancelled() && needs.queue.outputs.proved != 'true' && needs.tests.result == 'success'"
        " && needs.lint.result == 'success' && github.ref == 'refs/heads/main'"
    )


def test_token_is_no_argument_of_a_command() -> None:
    script = pushed(QUEUED)["queue"]["steps"][0]["run"]
    [line] = [line for line in script.splitlines() if "$TOKEN" in line]
    assert "$TOKEN" not in line.partition("<<<")[0]


def test_job_after_proved_ones_runs_only_after_success() -> None:
    image = job("image", when=push("main"), needs=("tests", "own"))
    found = pushed(QUEUED, job("own", when=push("main")), image)
    assert found["own"].get("needs") is None and found["own"]["if"] == "github.ref == 'refs/heads/main'"
    assert found["image"]["needs"] == ["queue", "tests", "own"]
    # A job that ran out of time is cancelled, and one that a failed need kept from running is skipped.
    assert found["image"]["if"] == (
        "!cancelled() && needs.own.result == 'success'"
        " && (needs.queue.outputs.proved == 'true' || needs.tests.result == 'success')"
        " && github.ref == 'refs/heads/main'"
    )


def test_rollout_after_skipped_checks_asks_for_its_need() -> None:
    image = job("image", when=push("main"), needs=("tests",))
    found = pushed(QUEUED, image, job("roll", when=None, needs=("image",)))
    assert found["roll"]["needs"] == ["image"]
    assert found["roll"]["if"] == "!cancelled() && needs.image.result == 'success' && github.ref == 'refs/heads/main'"


def test_job_that_the_queue_runs_elsewhere_is_not_proved() -> None:
    for when in (
        any_of(merge_group("main"), push()),
        any_of(merge_group("main"), push("main"), tag("v*")),
        push("main"),
    ):
        found = pushed(job("tests", when=when))
        assert "queue" not in found and "needs" not in found["tests"]


def test_job_with_credentials_is_never_proved() -> None:
    found = pushed(job("tests", when=any_of(merge_group("main"), push("main")), identity="index"))
    assert "queue" not in found
