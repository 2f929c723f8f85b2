from __future__ import annotations

from ecluse.definition.events import example_tag, play
from ecluse.definition.model import Event
from ecluse.definition.words import any_of, pull_request, push, tag
from tests.support.providers.pipelines import job, pipeline

PIPELINE = pipeline(
    job("lint", when=any_of(pull_request("feature/*"), pull_request("staging"), push("main"))),
    job("promote", when=tag("v*")),
)


def test_played_event_takes_the_first_branch_named_by_a_job() -> None:
    assert play(PIPELINE, "pull_request") == Event(kind="pull_request", branch="staging")
    assert play(PIPELINE, "push") == Event(kind="push", branch="main")
    assert play(PIPELINE, "push", "other") == Event(kind="push", branch="other")
    assert play(PIPELINE, "ship") == Event(kind="ship")


def test_example_tag_matches_the_pattern_of_the_jobs() -> None:
    assert example_tag(PIPELINE) == "v1.0"
