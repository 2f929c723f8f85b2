"""Travis CI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ecluse.definition.model import Event, EventKind
from ecluse.providers.log import Annotation, Fold
from ecluse.providers.renderer import Renderer
from ecluse.providers.travis import event, log

__all__ = ["Travis"]


class Travis:
    """The provider Travis CI: one file, with every job written out."""

    name: str = "Travis CI"
    marker: str = "TRAVIS"
    kinds: tuple[EventKind, ...] = ("pull_request", "push", "tag")
    places: tuple[str, ...] = (".travis.yml",)

    def renderer(self) -> Renderer:
        from ecluse.providers.travis import renderer

        return renderer

    def event(self, environ: Mapping[str, str]) -> Event:
        return event.event(environ)

    def pull_request_number(self, environ: Mapping[str, str]) -> str | None:
        return event.pull_request_number(environ)

    def fold(self, title: str) -> Fold:
        return log.TravisFold(title)

    def annotate(self, found: Iterable[Annotation]) -> str:
        return ""

    def summarise(self, environ: Mapping[str, str], markdown: str) -> None:
        """Travis shows the log alone."""
