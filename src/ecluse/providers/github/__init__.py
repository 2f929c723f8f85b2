"""GitHub Actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ecluse.definition.model import Event, EventKind
from ecluse.providers.github import event, log, summary
from ecluse.providers.log import Annotation, Fold
from ecluse.providers.renderer import Renderer

__all__ = ["GitHub"]


class GitHub:
    """A workflow, and the local actions that its jobs share."""

    name: str = "GitHub Actions"
    marker: str = "GITHUB_ACTIONS"
    kinds: tuple[EventKind, ...] = ("pull_request", "merge_group", "push", "tag")
    places: tuple[str, ...] = (".github/workflows", ".github/actions")

    def renderer(self) -> Renderer:
        from ecluse.providers.github import renderer

        return renderer

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
