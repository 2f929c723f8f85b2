from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from ecluse.definition.model import Event
from ecluse.render.pipeline_graph import svg
from tests.support.providers.pipelines import RELEASES, job, pipeline

SVG = "{http://www.w3.org/2000/svg}"


def names(picture: str) -> list[str]:
    found = ElementTree.fromstring(picture).iter(f"{SVG}text")
    return [text.text or "" for text in found if text.get("class") == "name"]


def test_every_job_is_a_card_and_every_need_an_arrow() -> None:
    picture = svg(RELEASES)
    assert sorted(names(picture)) == sorted(job.name for job in RELEASES.jobs)
    paths = [path for path in ElementTree.fromstring(picture).iter(f"{SVG}path") if path.get("class") == "need"]
    assert len(paths) == sum(len(job.needs) for job in RELEASES.jobs)


def test_an_event_shows_the_jobs_that_it_runs() -> None:
    assert names(svg(RELEASES, Event(kind="tag", tag="v1.0"))) == ["promote", "deploy-production"]


def test_graph_has_a_title_and_a_description() -> None:
    root = ElementTree.fromstring(svg(RELEASES, Event(kind="push", branch="staging")))
    assert root.get("role") == "img" and root.get("aria-labelledby") == "title description"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and title.text == "What a push to staging runs"
    assert description is not None and "image needs lint, tests." in str(description.text)


def test_job_name_is_escaped_in_the_graph() -> None:
    picture = svg(pipeline(job("a", description="<script>alert('&')</script>")))
    assert "<script" not in picture
    ElementTree.fromstring(picture)


@pytest.mark.parametrize("event", [None, Event(kind="push", branch="nobody")])
def test_graph_without_jobs_is_valid(event: Event | None) -> None:
    ElementTree.fromstring(svg(pipeline(job()), event))


def test_graph_cards_do_not_overlap() -> None:
    rects = ElementTree.fromstring(svg(RELEASES)).iter(f"{SVG}rect")
    places = [(int(rect.get("x") or 0), int(rect.get("y") or 0)) for rect in rects]
    assert len(set(places)) == len(places)
