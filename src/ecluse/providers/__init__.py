"""Providers run jobs for others: GitHub Actions, GitLab CI/CD, Travis CI.

All that is known of a provider stands in its package. Adding one is writing a package that fits :class:`Provider` and
naming its class in :data:`PROVIDERS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

from ecluse.definition.model import Event, EventKind, Pipeline
from ecluse.errors import RenderError
from ecluse.providers.github import GitHub
from ecluse.providers.gitlab import GitLab
from ecluse.providers.log import Annotation, Fold
from ecluse.providers.renderer import Renderer
from ecluse.providers.travis import Travis

__all__ = ["PROVIDERS", "Provider", "chosen", "provider_of", "pull_request_number", "reported"]


class Provider(Protocol):
    """The interface of a provider's package."""

    name: str
    """The name by which people call the provider."""

    marker: str
    """The environment variable that is ``true`` in every job of the provider, and nowhere else."""

    kinds: tuple[EventKind, ...]
    """The events that the provider reports."""

    places: tuple[str, ...]
    """The files and folders where rendered files stand, by path: what is rendered no more is looked for there."""

    def renderer(self) -> Renderer:
        """The part that writes the provider's files, imported by this call."""

    def event(self, environ: Mapping[str, str]) -> Event:
        """The event that the provider reports in *environ*, the variables of one of its jobs."""

    def pull_request_number(self, environ: Mapping[str, str]) -> str | None:
        """The number of the pull request that the provider reports in *environ*; None for another event."""

    def fold(self, title: str) -> Fold:
        """The fold for the output of one leg in the log of a job."""

    def annotate(self, found: Iterable[Annotation]) -> str:
        """The text to print so that the provider shows *found* beside the change; empty if it reads nothing from a
        log.
        """

    def summarise(self, environ: Mapping[str, str], markdown: str) -> None:
        """Add *markdown* to what the provider shows of the job with the variables *environ*, where it shows such."""


PROVIDERS: Mapping[str, Provider] = MappingProxyType({"github": GitHub(), "gitlab": GitLab(), "travis": Travis()})


def chosen(pipeline: Pipeline) -> dict[str, Provider]:
    """The providers that *pipeline* is rendered for, by name. Raises RenderError for a name that no provider has."""
    names = pipeline.providers.only or tuple(PROVIDERS)
    for name in names:
        if name not in PROVIDERS:
            raise RenderError(
                f"there is no provider {name!r}",
                where="pipeline.py, field 'providers.only'",
                hint=f"there are {', '.join(PROVIDERS)}",
            )
    return {name: provider for name, provider in PROVIDERS.items() if name in names}


def provider_of(environ: Mapping[str, str]) -> Provider | None:
    """The provider whose job has the variables *environ*; None on any other machine."""
    return next((provider for provider in PROVIDERS.values() if environ.get(provider.marker) == "true"), None)


def reported(environ: Mapping[str, str]) -> Event | None:
    """The event that a provider reports in *environ*; None where no provider runs this."""
    provider = provider_of(environ)
    return provider.event(environ) if provider else None


def pull_request_number(environ: Mapping[str, str]) -> str | None:
    """The number of the pull request that a provider reports in *environ*; None where there is none."""
    provider = provider_of(environ)
    return provider.pull_request_number(environ) if provider else None
