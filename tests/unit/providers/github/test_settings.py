from __future__ import annotations

from dataclasses import replace

from ecluse.definition.model import Pipeline
from ecluse.definition.words import push, tag
from ecluse.render import render
from tests.support.providers.pipelines import RELEASES, job, only, pipeline


def said(definition: Pipeline) -> list[str]:
    return list(render(only("github", definition)).advice["GitHub Actions"])


def test_environments_are_limited_to_the_refs_of_their_jobs() -> None:
    assert said(RELEASES)[:4] == [
        "Environments, image: deployment branches and tags: branch staging; secrets: REGISTRY_PASSWORD",
        "Environments, staging: deployment branches and tags: branch staging; secrets: STAGING_SSH_KEY",
        "Environments, promote: deployment branches and tags: tag v*; secrets: REGISTRY_PASSWORD",
        "Environments, production: deployment branches and tags: tag v*; secrets: PRODUCTION_SSH_KEY;"
        " required reviewers",
    ]


def test_rules_and_code_owners_are_asked_for_by_what_deploys() -> None:
    lines = "\n".join(said(RELEASES)[4:])
    assert "tag ruleset for v*" in lines and "branch ruleset for staging" in lines and "CODEOWNERS" in lines
    assert said(pipeline(job())) == [
        "Rules, a branch ruleset for staging: a pull request with a review from code owners, and the check gate from "
        "GitHub Actions"
    ]


def test_environment_that_two_jobs_share_allows_the_refs_of_both() -> None:
    jobs = [job(name, when=when, identity="pypi") for name, when in (("a", push()), ("b", tag("v*")))]
    assert said(pipeline(*jobs))[0] == "Environments, pypi: deployment branches and tags: branch *, tag v*"


def test_trusted_publisher_is_named_by_workflow_and_environment() -> None:
    line = "At pypi, the trusted publisher of the job a: workflow {}, environment pypi"
    released = pipeline(job("a", when=tag("v*"), identity="pypi"))
    assert line.format("pipeline-push.yml") in said(released)
    # The file that the advice names is the file that has the job.
    (path,) = [path for path, text in render(only("github", released)).files.items() if "id-token: write" in text]
    assert path.endswith("/pipeline-push.yml")
    assert not [line for line in said(RELEASES) if "publisher" in line]


def test_provider_that_only_checks_has_no_secret_to_set() -> None:
    providers = replace(RELEASES.providers, deploys="gitlab")
    advice = render(replace(RELEASES, providers=providers)).advice
    assert not [line for line in advice["GitHub Actions"] if line.startswith("Environments")]
    assert advice["GitLab CI/CD"][:2] == [
        "Protected, so that few people may push them: the branch staging, the tags v*",
        "Variables, protected and masked, with the environment scope image: REGISTRY_PASSWORD",
    ]
