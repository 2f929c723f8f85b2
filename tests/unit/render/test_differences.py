from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecluse.definition.model import Output, Pipeline, Providers, Service
from ecluse.definition.words import pull_request, push
from ecluse.errors import RenderError
from ecluse.render import render
from ecluse.render.differences import differences
from tests.support.providers.pipelines import RELEASES, job, pipeline, with_accepted

DIFFERENCES = differences()


def lost(definition: Pipeline) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for loss in render(definition).notes:
        found.setdefault(loss.id, []).append(loss.what)
    return found


def test_difference_names_the_jobs_it_affects() -> None:
    found = lost(RELEASES)
    assert found["travis-service-version"] == [
        "tests: postgres is 18 in the pipeline, version 16 on Travis",
        "tests: redis is 8 in the pipeline, whatever version its image has on Travis",
    ]
    assert found["travis-artifacts"] == ["tests: outputs and reports end with the job; its log has what failed"]
    assert len(found["travis-concurrency"]) == len(found["travis-environment"]) == 2


def test_a_job_that_waits_for_more_than_it_needs_is_named() -> None:
    definition = pipeline(job("a"), job("b"), job("c", needs=("a",)), job("d", needs=("c", "b")))
    assert lost(definition) == {"travis-stages": ["c also waits for b, and does not run if one of them fails"]}


def test_jobs_of_different_events_are_no_stage_difference() -> None:
    definition = pipeline(job("a"), job("b", when=push("x")), job("c", needs=("a",)))
    assert lost(definition) == {}


def test_names_differing_only_in_letter_case_are_a_difference() -> None:
    definition = pipeline(job("a", when=pull_request("main")), job("b", when=pull_request("Main")))
    assert list(lost(definition)) == ["github-letter-case"]
    assert list(lost(pipeline(job("a", when=push()), job("b", when=push("main"))))) == ["github-letter-case"]
    assert lost(pipeline(job("a", when=push("main")))) == {}


@pytest.mark.parametrize("id", DIFFERENCES)
def test_unaccepted_difference_is_refused_with_its_accept_line(id: str) -> None:
    examples: dict[str, Pipeline] = {
        "travis-stages": pipeline(job("a"), job("b"), job("c", needs=("a",))),
        "travis-service-version": pipeline(
            job(services=("s",)), services=(Service(name="s", kind="postgres", version="18"),)
        ),
        "travis-artifacts": pipeline(job(outputs=(Output(path="x", kind="report"),))),
        "github-letter-case": pipeline(job("a", when=push()), job("b", when=push("main"))),
    }
    definition = examples.get(id, RELEASES)
    with pytest.raises(RenderError) as error:
        render(with_accepted(definition, *(other for other in DIFFERENCES if other != id)))
    assert f"{id}: " in error.value.what
    assert f'accept=("{id}",)' in str(error.value.hint)


def test_unaccepted_differences_are_all_listed() -> None:
    with pytest.raises(RenderError) as error:
        render(with_accepted(RELEASES))
    assert set(re.findall(r"^  ([a-z-]+):", error.value.what, re.MULTILINE)) == set(DIFFERENCES) - {
        "github-letter-case"
    }


def test_a_postgres_of_travis_s_own_version_is_no_difference() -> None:
    service = Service(name="s", kind="postgres", version="16")
    assert lost(pipeline(job(services=("s",)), services=(service,))) == {}


def test_unknown_accepted_difference_is_refused() -> None:
    with pytest.raises(RenderError, match="there is no difference 'travis-stage' to accept"):
        render(replace(RELEASES, providers=Providers(accept=("travis-stage",))))


def test_a_pipeline_that_no_provider_runs_is_refused() -> None:
    from ecluse.definition.words import ship

    with pytest.raises(RenderError, match="no event of a provider selects a job"):
        render(pipeline(job(when=ship())))


def test_the_reference_has_every_difference(request: Any) -> None:
    page = Path(request.config.rootpath, "docs/reference/providers.md").read_text(encoding="utf-8")
    section = page.split("\n## Differences\n")[1].split("\n## ")[0]
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", section, re.MULTILINE))
    assert {id: summary.strip() for id, summary in listed.items()} == {
        id: difference.summary for id, difference in DIFFERENCES.items()
    }
