"""Example pipelines: what a later one will ask of the providers, before this repository's own does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ecluse.definition.model import Environment, Job, Output, Pipeline, Providers, Service
from ecluse.definition.words import any_of, command, ecluse, pull_request, push, ship, tag, tox
from ecluse.render import render
from ecluse.render.differences import differences

__all__ = ["ACCEPT_ALL", "RELEASES", "job", "lost", "only", "parsed", "pipeline"]

ACCEPT_ALL = Providers(accept=tuple(differences()), deploys="github")


def job(name: str = "lint", **fields: Any) -> Job:
    """A job with what a test does not care about filled in."""
    return Job(**{"name": name, "steps": (command("true"),), "when": pull_request("staging")} | fields)


def pipeline(*jobs: Job, **fields: Any) -> Pipeline:
    """A pipeline of *jobs* that accepts every difference."""
    return Pipeline(**{"name": "example", "jobs": jobs, "providers": ACCEPT_ALL} | fields)


def only(provider: str, definition: Pipeline) -> Pipeline:
    """*definition*, rendered for *provider* alone."""
    return replace(definition, providers=replace(definition.providers, only=(provider,), deploys=provider))


def parsed(text: str) -> Any:
    """The data of a YAML document, as a reader of YAML 1.2 sees it."""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


def lost(definition: Pipeline) -> dict[str, list[str]]:
    """The losses that *definition* accepts: a line for each loss, by the id of the difference."""
    found: dict[str, list[str]] = {}
    for loss in render(definition).notes:
        found.setdefault(loss.id, []).append(loss.what)
    return found


_change = any_of(pull_request("staging"), push("staging"), ship())

RELEASES = Pipeline(
    name="shop",
    services=(
        Service(name="db", kind="postgres", version="18"),
        Service(name="cache", kind="redis", version="8"),
        Service(name="own", kind="postgres", version="18", sources=("container",)),
    ),
    jobs=(
        Job(name="lint", when=_change, steps=(tox("lint"),)),
        Job(
            name="tests",
            when=_change,
            services=("db", "cache"),
            matrix={"python": ("3.12", "3.13"), "django": ("5.2", "6.1")},
            exclude=({"python": "3.12", "django": "6.1"},),
            steps=(tox("py{python.digits}"),),
            outputs=(Output(path="junit.xml", kind="junit"),),
            timeout=900,
            retries=1,
        ),
        Job(
            name="container",
            when=any_of(pull_request("staging"), push("staging")),
            services=("own",),
            steps=(tox("x"),),
        ),
        Job(
            name="image",
            when=push("staging"),
            needs=("lint", "tests"),
            secrets=("REGISTRY_PASSWORD",),
            steps=(ecluse("image", "push"),),
        ),
        Job(
            name="deploy-staging",
            when=push("staging"),
            needs=("image",),
            environment="staging",
            steps=(ecluse("deploy", "staging"),),
        ),
        Job(name="promote", when=tag("v*"), secrets=("REGISTRY_PASSWORD",), steps=(ecluse("image", "promote"),)),
        Job(
            name="deploy-production",
            when=tag("v*"),
            needs=("promote",),
            environment="production",
            steps=(ecluse("deploy", "production"),),
        ),
        Job(name="package", when=ship(), needs=("lint",), steps=(ecluse("package"),)),
        Job(
            name="deploy-local",
            when=ship(),
            needs=("package",),
            environment="local",
            steps=(ecluse("deploy", "local"),),
        ),
    ),
    environments=(
        Environment(
            name="staging",
            target="server",
            settings="settings.production",
            url="https://staging.example",
            secrets=("STAGING_SSH_KEY",),
        ),
        Environment(
            name="production",
            target="swarm",
            settings="settings.production",
            url="https://www.example",
            secrets=("PRODUCTION_SSH_KEY",),
            approval=True,
        ),
        Environment(name="local", target="server", settings="settings.local", url="http://127.0.0.1:8000"),
    ),
    providers=replace(ACCEPT_ALL, env={"DJANGO_SETTINGS_MODULE": "settings.travis", "GREETING": "hello $USER"}),
)
"""A shop that is released: image and staging on a push, production on a tag."""


def with_accepted(base: Pipeline, *ids: str) -> Pipeline:
    """*base*, accepting only the differences *ids*."""
    return replace(base, providers=replace(base.providers, accept=ids))


Node = Mapping[str, Any]
