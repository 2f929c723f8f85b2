from __future__ import annotations

import pytest

from ecluse.definition.model import Event
from ecluse.providers import pull_request_number, reported

PULL_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "staging",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_COMMIT_REF_NAME": "topic",
}


@pytest.mark.parametrize(
    ("environ", "event"),
    [
        (PULL_REQUEST, Event(kind="pull_request", branch="staging")),
        ({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "a/b"}, Event(kind="push", branch="a/b")),
        ({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": "v1/2"}, Event(kind="tag", tag="v1/2")),
        ({"CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BRANCH": "x"}, Event(kind="push", branch="x")),
    ],
)
def test_gitlab_reports_its_event(environ: dict[str, str], event: Event) -> None:
    assert reported({"GITLAB_CI": "true", **environ}) == event


def test_gitlab_reports_the_number_of_a_merge_request() -> None:
    assert pull_request_number({"GITLAB_CI": "true", **PULL_REQUEST}) == "7"
    assert pull_request_number({"GITLAB_CI": "true", "CI_COMMIT_TAG": "v1"}) is None
