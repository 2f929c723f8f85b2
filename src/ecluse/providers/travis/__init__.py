"""Travis CI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ecluse.definition.model import Condition, Event, Pipeline
from ecluse.providers.differences import Difference
from ecluse.providers.log import Annotation, Fold
from ecluse.providers.selection import Selected
from ecluse.providers.travis import event, log

__all__ = ["Travis"]


class Travis:
    """The provider Travis CI: one file, with every job written out."""

    name: str = "Travis CI"
    marker: str = "TRAVIS"
    places: tuple[str, ...] = (".travis.yml",)

    def condition(self, condition: Condition) -> str:
        from ecluse.providers.travis.conditions import expression

        return expression(condition)

    def differences(self) -> Mapping[str, Difference]:
        from ecluse.providers.travis.differences import DIFFERENCES

        return DIFFERENCES

    def check(self, pipeline: Pipeline, jobs: Sequence[Selected]) -> None:
        from ecluse.providers.travis import jobs as travis_jobs
        from ecluse.providers.travis import rules

        rules.check(pipeline, travis_jobs.left_in(jobs))

    def files(self, pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
        from ecluse.providers.travis import config
        from ecluse.providers.travis import jobs as travis_jobs

        left_in = travis_jobs.left_in(jobs)
        return config.files(pipeline, left_in, header) if left_in else {}

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
