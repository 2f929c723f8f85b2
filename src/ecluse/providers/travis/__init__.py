"""Travis CI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecluse.definition.model import Condition, Pipeline
from ecluse.providers.differences import Difference
from ecluse.providers.selection import Selected

__all__ = ["Travis"]


class Travis:
    """One file, whose jobs are written out."""

    places: tuple[str, ...] = (".travis.yml",)

    def condition(self, condition: Condition) -> str:
        from ecluse.providers.travis.conditions import expression

        return expression(condition)

    def differences(self) -> Mapping[str, Difference]:
        from ecluse.providers.travis.differences import DIFFERENCES

        return DIFFERENCES

    def check(self, pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
        from ecluse.providers.travis import rules

        rules.check(pipeline, jobs)

    def files(self, pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
        from ecluse.providers.travis import config

        return config.files(pipeline, jobs, header)
