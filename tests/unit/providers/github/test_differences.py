from __future__ import annotations

from ecluse.definition.words import pull_request, push
from tests.support.providers.pipelines import RELEASES, job, lost, pipeline


def test_names_differing_only_in_letter_case_are_a_difference() -> None:
    definition = pipeline(job("a", when=pull_request("main")), job("b", when=pull_request("Main")))
    assert list(lost(definition)) == ["github-letter-case"]
    assert list(lost(pipeline(job("a", when=push()), job("b", when=push("main"))))) == ["github-letter-case"]
    assert lost(pipeline(job("a", when=push("main")))) == {}


def test_approval_that_only_a_page_can_ask_for_is_a_difference() -> None:
    assert lost(RELEASES)["github-approval"] == [
        "deploy-production: GitHub asks a person only where its own page says so:"
        " Settings → Environments → production → required reviewers"
    ]
