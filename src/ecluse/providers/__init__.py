"""Providers run jobs for others: GitHub Actions, Travis.

All that is known of a provider stands in its package. Adding one is writing a package that fits :class:`Provider` and
naming its class in :data:`PROVIDERS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from ecluse.definition.model import Condition, Pipeline
from ecluse.providers.differences import Difference
from ecluse.providers.github import GitHub
from ecluse.providers.selection import Selected
from ecluse.providers.travis import Travis

__all__ = ["PROVIDERS", "Provider"]


class Provider(Protocol):
    """What a provider's package has.

    Modules that only rendering needs are imported when a method is called: every command asks the registry, and few
    commands render.
    """

    places: tuple[str, ...]
    """The files and folders where rendered files stand, by path: what is rendered no more is looked for there."""

    def condition(self, condition: Condition) -> str:
        """*condition* as the provider writes it. Raises RenderError where it cannot."""

    def differences(self) -> Mapping[str, Difference]:
        """What the provider does otherwise than this machine, by id."""

    def check(self, pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
        """Raises RenderError for what the provider would refuse or misread."""

    def files(self, pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
        """The files to check in, by path."""


PROVIDERS: Mapping[str, Provider] = MappingProxyType({"github": GitHub(), "travis": Travis()})
