"""GitLab CI/CD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ecluse.definition.model import Condition, Event, Pipeline
from ecluse.providers.differences import Difference
from ecluse.providers.gitlab import event, log
from ecluse.providers.log import Annotation, Fold
from ecluse.providers.selection import Selected

__all__ = ["GitLab"]


class GitLab:
    """The provider GitLab CI: one file, in which jobs need each other as in the pipeline."""

    name: str = "GitLab CI/CD"
    marker: str = "GITLAB_CI"
    places: tuple[str, ...] = (".gitlab-ci.yml",)

    def condition(self, condition: Condition) -> str:
        from ecluse.providers.gitlab.conditions import expression

        return expression(condition)

    def differences(self) -> Mapping[str, Difference]:
        from ecluse.providers.gitlab.differences import DIFFERENCES

        return DIFFERENCES

    def check(self, pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
        from ecluse.providers.gitlab import rules

        rules.check(pipeline, jobs)

    def files(self, pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
        from ecluse.providers.gitlab import config

        return config.files(pipeline, jobs, header)

    def event(self, environ: Mapping[str, str]) -> Event:
        return event.event(environ)

    def pull_request_number(self, environ: Mapping[str, str]) -> str | None:
        return event.pull_request_number(environ)

    def fold(self, title: str) -> Fold:
        return log.Section(title)

    def annotate(self, found: Iterable[Annotation]) -> str:
        """GitLab reads failures from JUnit files, which every run leaves."""
        return ""

    def summarise(self, environ: Mapping[str, str], markdown: str) -> None:
        """GitLab shows the log and the reports alone."""
