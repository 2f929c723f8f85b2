from __future__ import annotations

import pytest

from ecluse.definition.model import Event
from ecluse.providers import pull_request_number, reported


@pytest.mark.parametrize(
    ("environ", "event"),
    [
        (
            {"TRAVIS_EVENT_TYPE": "pull_request", "TRAVIS_BRANCH": "staging", "TRAVIS_TAG": ""},
            Event(kind="pull_request", branch="staging"),
        ),
        (
            {"TRAVIS_EVENT_TYPE": "push", "TRAVIS_BRANCH": "staging", "TRAVIS_TAG": ""},
            Event(kind="push", branch="staging"),
        ),
        (
            # On a tag, TRAVIS_BRANCH is the tag too.
            {"TRAVIS_EVENT_TYPE": "push", "TRAVIS_BRANCH": "v1", "TRAVIS_TAG": "v1"},
            Event(kind="tag", tag="v1"),
        ),
        ({"TRAVIS_EVENT_TYPE": "cron", "TRAVIS_BRANCH": "staging"}, Event(kind="push", branch="staging")),
    ],
)
def test_travis_reports_its_event(environ: dict[str, str], event: Event) -> None:
    assert reported({"TRAVIS": "true", **environ}) == event


@pytest.mark.parametrize(("value", "number"), [("12", "12"), ("false", None)])
def test_travis_reports_the_number_of_a_pull_request(value: str, number: str | None) -> None:
    assert pull_request_number({"TRAVIS": "true", "TRAVIS_PULL_REQUEST": value}) == number
