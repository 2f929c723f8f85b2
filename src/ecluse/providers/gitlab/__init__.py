"""GitLab CI/CD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ecluse.definition.model import Event, EventKind
from ecluse.providers.gitlab import event, log
from ecluse.providers.log import Annotation, Fold
from ecluse.providers.renderer import Renderer

__all__ = ["GitLab"]


class GitLab:
    """The provider GitLab CI: one file, in which jobs need each other as in the pipeline."""

    name: str = "GitLab CI/CD"
    marker: str = "GITLAB_CI"
    kinds: tuple[EventKind, ...] = ("pull_request", "push", "tag")
    places: tuple[str, ...] = (".gitlab-ci.yml",)

    def renderer(self) -> Renderer:
        from ecluse.providers.gitlab import renderer

        return renderer

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
