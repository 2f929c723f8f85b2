from __future__ import annotations

import pytest

from ecluse.definition.events import example_tag, play, reported
from ecluse.definition.model import Event
from ecluse.definition.words import any_of, pull_request, push, tag
from tests.support.providers.pipelines import job, pipeline

PIPELINE = pipeline(
    job("lint", when=any_of(pull_request("feature/*"), pull_request("staging"), push("main"))),
    job("promote", when=tag("v*")),
)


@pytest.mark.parametrize(
    ("environ", "event"),
    [
        (
            {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "staging", "GITHUB_REF": "refs/pull/7/merge"},
            Event(kind="pull_request", branch="staging"),
        ),
        ({"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/a/b"}, Event(kind="push", branch="a/b")),
        ({"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/tags/v1/2"}, Event(kind="tag", tag="v1/2")),
        ({"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF": "refs/heads/x"}, Event(kind="push", branch="x")),
    ],
)
def test_github_reports_its_event(environ: dict[str, str], event: Event) -> None:
    assert reported({"GITHUB_ACTIONS": "true", **environ}) == event


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


def test_laptop_reports_no_event_despite_a_leftover_variable() -> None:
    assert reported({"CI": "true", "GITHUB_REF": "refs/heads/main"}) is None


def test_played_event_takes_the_first_branch_named_by_a_job() -> None:
    assert play(PIPELINE, "pull_request") == Event(kind="pull_request", branch="staging")
    assert play(PIPELINE, "push") == Event(kind="push", branch="main")
    assert play(PIPELINE, "push", "other") == Event(kind="push", branch="other")
    assert play(PIPELINE, "ship") == Event(kind="ship")


def test_example_tag_matches_the_pattern_of_the_jobs() -> None:
    assert example_tag(PIPELINE) == "v1.0"
