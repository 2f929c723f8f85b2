"""The interface of the part of a provider's package that writes its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ecluse.definition.model import Condition, Event, Pipeline
from ecluse.providers.differences import Difference
from ecluse.providers.findings import Finding
from ecluse.providers.selection import Selected

__all__ = ["Renderer"]


class Renderer(Protocol):
    """The part of a provider that only rendering needs: a module ``renderer`` in the provider's package.

    Every command asks the registry of providers, and few commands render: so the provider imports this part when it is
    asked for.
    """

    @property
    def DIFFERENCES(self) -> Mapping[str, Difference]:
        """The differences between the provider and this machine, by id."""

    def condition(self, condition: Condition, /) -> str:
        """*condition* as the provider writes it. Raises RenderError where it cannot."""

    def check(self, pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
        """Raises RenderError for what the provider would refuse or misread."""

    def advice(self, pipeline: Pipeline, jobs: Sequence[Selected]) -> Sequence[str]:
        """The provider's settings that no file can say, and somebody has to set once: a line for each."""

    def examine(
        self, pipeline: Pipeline, jobs: Sequence[Selected], top: Path, environ: Mapping[str, str]
    ) -> Iterator[Finding]:
        """The settings that *advice* is about, asked of the provider, as far as it can be asked."""

    def billed(self, event: Event, jobs: Sequence[Selected], seconds: Mapping[str, float]) -> dict[str, float]:
        """The minutes that the provider bills for *event*, by leg of *jobs*; *seconds* is how long each leg takes."""

    def proved(self, event: Event, jobs: Sequence[Selected]) -> frozenset[str]:
        """The names of those of *jobs* that are not run for *event* where an earlier event has proved its commit."""

    def files(self, pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
        """The files to check in, by path."""
