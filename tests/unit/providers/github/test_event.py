from __future__ import annotations

import pytest

from ecluse.definition.model import Event
from ecluse.providers import pull_request_number, reported


@pytest.mark.parametrize(
    ("environ", "event"),
    [
        (
            {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "staging", "GITHUB_REF": "refs/pull/7/merge"},
            Event(kind="pull_request", branch="staging"),
        ),
        (
            {
                "GITHUB_EVENT_NAME": "merge_group",
                "GITHUB_REF": "refs/heads/gh-readonly-queue/release/2/pr-7-0a1b2c",
            },
            Event(kind="merge_group", branch="release/2"),
        ),
        ({"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/a/b"}, Event(kind="push", branch="a/b")),
        ({"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/tags/v1/2"}, Event(kind="tag", tag="v1/2")),
        ({"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF": "refs/heads/x"}, Event(kind="push", branch="x")),
    ],
)
def test_github_reports_its_event(environ: dict[str, str], event: Event) -> None:
    assert reported({"GITHUB_ACTIONS": "true", **environ}) == event


@pytest.mark.parametrize(("ref", "number"), [("refs/pull/7/merge", "7"), ("refs/heads/staging", None)])
def test_github_reports_the_number_of_a_pull_request(ref: str, number: str | None) -> None:
    assert pull_request_number({"GITHUB_ACTIONS": "true", "GITHUB_REF": ref}) == number
