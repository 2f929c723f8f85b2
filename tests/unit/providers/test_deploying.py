from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from ecluse.definition.model import Pipeline
from ecluse.definition.words import push
from ecluse.errors import RenderError
from ecluse.providers import PROVIDERS
from ecluse.render import render
from tests.support.providers.pipelines import RELEASES, job, pipeline

RELEASING = {"image", "deploy-staging", "promote", "deploy-production"}
"""The jobs of RELEASES with secrets or an environment, and what needs them."""


def jobs_in(files: Mapping[str, str]) -> dict[str, set[str]]:
    """The jobs that each provider's file in *files* runs."""
    found: dict[str, set[str]] = {}
    for path, text in files.items():
        if jobs := set(re.findall(r"\./ecluse run ([\w-]+)", text)):
            provider = next(name for name in PROVIDERS if path.startswith((f".{name}/", f".{name}-", f".{name}.")))
            found.setdefault(provider, set()).update(jobs)
    return found


@pytest.mark.parametrize("name", PROVIDERS)
def test_named_provider_deploys_and_the_others_check(name: str) -> None:
    found = jobs_in(render(with_deploys(RELEASES, name)).files)
    jobs = {job.name for job in RELEASES.jobs} - {"package", "deploy-local"}
    assert found == {provider: jobs if provider == name else jobs - RELEASING for provider in PROVIDERS}


def test_secret_and_environment_are_in_the_deploying_file_alone() -> None:
    files = render(with_deploys(RELEASES, "gitlab")).files
    found = {path for path, text in files.items() if re.search("REGISTRY_PASSWORD|SSH_KEY|environment:", text)}
    assert found == {".gitlab-ci.yml"}


def test_job_that_needs_a_deploying_one_is_not_run_by_a_checker() -> None:
    told = job("told", when=push("main"), needs=("image",))
    definition = pipeline(job("a", when=push("main")), job("image", when=push("main"), secrets=("TOKEN",)), told)
    assert jobs_in(render(definition).files)["travis"] == {"a"}


def test_several_providers_without_a_deploying_one_are_refused() -> None:
    with pytest.raises(RenderError, match="3 providers .* would each run image, deploy-staging, promote") as error:
        render(with_deploys(RELEASES, ""))
    assert error.value.where == "pipeline.py, field 'providers.deploys'"
    assert 'Providers(deploys="github")' in str(error.value.hint)


def test_deploying_provider_that_is_not_rendered_is_refused() -> None:
    providers = replace(RELEASES.providers, only=("github", "travis"), deploys="gitlab")
    with pytest.raises(RenderError, match="not rendered for 'gitlab'"):
        render(replace(RELEASES, providers=providers))


def test_provider_without_a_job_has_no_file() -> None:
    definition = pipeline(job("image", when=push("main"), secrets=("TOKEN",)))
    assert set(jobs_in(render(definition).files)) == {"github"}


def test_checks_alone_need_no_deploying_provider() -> None:
    assert set(jobs_in(render(with_deploys(pipeline(job()), "")).files)) == set(PROVIDERS)


def test_single_provider_deploys_without_being_named() -> None:
    providers = replace(RELEASES.providers, only=("gitlab",), deploys="")
    assert RELEASING <= jobs_in(render(replace(RELEASES, providers=providers)).files)["gitlab"]


def with_deploys(definition: Pipeline, name: str) -> Pipeline:
    return replace(definition, providers=replace(definition.providers, deploys=name))
