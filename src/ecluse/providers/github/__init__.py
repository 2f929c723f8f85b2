"""GitHub Actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ecluse.definition.model import Condition, Event, Pipeline
from ecluse.providers.differences import Difference
from ecluse.providers.github import event, log, summary
from ecluse.providers.log import Annotation, Fold
from ecluse.providers.selection import Selected

__all__ = ["GitHub"]


class GitHub:
    """A workflow, and the local actions that its jobs share."""

    name: str = "GitHub Actions"
    marker: str = "GITHUB_ACTIONS"
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

    def event(self, environ: Mapping[str, str]) -> Event:
        return event.event(environ)

    def pull_request_number(self, environ: Mapping[str, str]) -> str | None:
        return event.pull_request_number(environ)

    def fold(self, title: str) -> Fold:
        return log.Group(title)

    def annotate(self, found: Iterable[Annotation]) -> str:
        return log.commands(found)

    def summarise(self, environ: Mapping[str, str], markdown: str) -> None:
        summary.add(environ, markdown)
