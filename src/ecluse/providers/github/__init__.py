"""GitHub Actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecluse.definition.model import Condition, Pipeline
from ecluse.providers.differences import Difference
from ecluse.providers.selection import Selected

__all__ = ["GitHub"]


class GitHub:
    """A workflow, and the local actions that its jobs share."""

    places: tuple[str, ...] = (".github/workflows", ".github/actions")

    def condition(self, condition: Condition) -> str:
        from ecluse.providers.github.conditions import expression

        return expression(condition)

    def differences(self) -> Mapping[str, Difference]:
        from ecluse.providers.github.differences import DIFFERENCES

        return DIFFERENCES

    def check(self, pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
        from ecluse.providers.github import rules

        rules.check(pipeline, jobs)

    def files(self, pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
        from ecluse.providers.github import workflow

        return workflow.files(pipeline, jobs, header)
