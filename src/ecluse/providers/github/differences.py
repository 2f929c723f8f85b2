"""The differences between GitHub and this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from ecluse.definition.conditions import patterns
from ecluse.definition.model import EventKind, Pipeline
from ecluse.providers.conditions import KINDS, filters
from ecluse.providers.differences import Difference
from ecluse.providers.selection import Selected, approved

__all__ = ["DIFFERENCES"]


def _letter_case(pipeline: Pipeline, jobs: Sequence[Selected]) -> Iterator[str]:
    for kind in KINDS:
        names = {pattern for selected in jobs for pattern in patterns(selected.job.when, kind)}
        unfiltered = any(filters(selected.ever or True, kind) is None for selected in jobs)
        alike = len({name.lower() for name in names}) < len(names)
        # The workflow's own filters tell the cases apart; where they let both through, the jobs' conditions decide.
        if names and (unfiltered or alike):
            lost = "a name that differs by upper and lower case alone matches too"
            yield f"{_KIND_WORDS[kind]} {', '.join(sorted(names))}: {lost}"


def _approval(pipeline: Pipeline, jobs: Sequence[Selected]) -> Iterator[str]:
    for environment, users in approved(pipeline, jobs).items():
        where = f"Settings → Environments → {environment} → required reviewers"
        yield f"{', '.join(users)}: GitHub asks a person only where its own page says so: {where}"


_KIND_WORDS: Mapping[EventKind, str] = {
    "pull_request": "pull requests to",
    "merge_group": "merge groups for",
    "push": "pushes to",
    "tag": "tags",
}

DIFFERENCES: Mapping[str, Difference] = MappingProxyType(
    {
        "github-letter-case": Difference("GitHub compares names without regard to upper and lower case", _letter_case),
        "github-approval": Difference("GitHub keeps on a page of its own whether a person is asked", _approval),
    }
)
