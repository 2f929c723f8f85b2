from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ecluse.definition.model import Output, Pipeline, Providers, Service
from ecluse.definition.words import any_of, merge_group, not_, pull_request, push, tag
from ecluse.errors import RenderError
from ecluse.render import render
from ecluse.render.differences import differences
from tests.support.providers.pipelines import RELEASES, job, only, pipeline, with_accepted

DIFFERENCES = differences()


@pytest.mark.parametrize("id", DIFFERENCES)
def test_unaccepted_difference_is_refused_with_its_accept_line(id: str) -> None:
    examples: dict[str, Pipeline] = {
        "travis-stages": pipeline(job("a"), job("b"), job("c", needs=("a",))),
        "travis-service-version": pipeline(
            job(services=("s",)), services=(Service(name="s", kind="postgres", version="18"),)
        ),
        "travis-identity": pipeline(job(identity="pypi", when=tag("v*"))),
        "travis-artifacts": pipeline(job(outputs=(Output(path="x", kind="report"),))),
        "gitlab-engine": pipeline(job(engine=True)),
        "gitlab-merge-group": pipeline(job(when=any_of(pull_request(), merge_group()))),
        "travis-merge-group": pipeline(job(when=any_of(pull_request(), not_(merge_group())))),
        "github-letter-case": pipeline(job("a", when=push()), job("b", when=push("main"))),
    }
    definition = only(id.partition("-")[0], examples.get(id, RELEASES))
    with pytest.raises(RenderError) as error:
        render(with_accepted(definition, *(other for other in DIFFERENCES if other != id)))
    assert f"{id}: " in error.value.what
    assert f'accept=("{id}",)' in str(error.value.hint)


def test_unaccepted_differences_are_all_listed() -> None:
    with pytest.raises(RenderError) as error:
        render(with_accepted(RELEASES))
    # The differences of rollouts are those of GitHub alone, which deploys.
    assert set(re.findall(r"^  ([a-z-]+):", error.value.what, re.MULTILINE)) == {
        "github-approval",
        "travis-service-version",
        "travis-artifacts",
    }


def test_unknown_accepted_difference_is_refused() -> None:
    with pytest.raises(RenderError, match="there is no difference 'travis-stage' to accept"):
        render(replace(RELEASES, providers=Providers(accept=("travis-stage",))))


def test_a_pipeline_that_no_provider_runs_is_refused() -> None:
    from ecluse.definition.words import ship

    with pytest.raises(RenderError, match="no event of a provider selects a job"):
        render(pipeline(job(when=ship())))
