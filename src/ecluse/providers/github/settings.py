"""The settings that a repository on GitHub must have: environments, rules for branches and tags, code owners.

The files that are checked in cannot say it, and whoever may push could change a file: so it is people's to set, once.
``ecluse render`` prints it, and ``ecluse doctor github`` asks GitHub whether it is so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecluse.definition.model import EventKind, Pipeline
from ecluse.providers.conditions import filters
from ecluse.providers.github.workflow import AFTER, BEFORE, GATE, PUSHED, WORKFLOW
from ecluse.providers.selection import Keeper, Selected, keepers

__all__ = ["OWNED", "NeededSettings", "advice", "needed_settings"]

OWNED = ("/.github/", "/pipeline.py")
"""The paths that code owners must review: a pull request that changes them decides what runs with credentials."""


@dataclass(frozen=True, kw_only=True)
class NeededSettings:
    """The settings that a pipeline needs. *bases* are the branches that pull requests go to, *queued* those that have a
    merge queue, *tags* the patterns of tags that deploy.
    """

    environments: tuple[Keeper, ...]
    bases: tuple[str, ...]
    tags: tuple[str, ...]
    queued: tuple[str, ...] = ()


def needed_settings(pipeline: Pipeline, jobs: Sequence[Selected]) -> NeededSettings:
    """The settings that *jobs* of *pipeline* need."""
    environments = keepers(pipeline, jobs)
    return NeededSettings(
        environments=environments,
        bases=_names(jobs, "pull_request"),
        queued=_names(jobs, "merge_group"),
        tags=tuple(sorted({tag for kept in environments for tag in kept.tags})),
    )


def _names(jobs: Sequence[Selected], kind: EventKind) -> tuple[str, ...]:
    """The names, without a pattern, of the branches whose events of *kind* select one of *jobs*."""
    found = [filters(selected.ever or True, kind) for selected in jobs if kind in selected.kinds]
    return tuple(sorted({name for names in found for name in names or () if "*" not in name}))


def advice(pipeline: Pipeline, jobs: Sequence[Selected]) -> list[str]:
    """The settings, a line for each."""
    found = needed_settings(pipeline, jobs)
    lines = [_environment(kept) for kept in found.environments]
    lines += [_publisher(selected) for selected in jobs if selected.job.identity]
    lines += [
        f"Rules, a tag ruleset for {tag}: restrict creations, updates and deletions to those who release"
        for tag in found.tags
    ]
    lines += [
        f"Rules, a branch ruleset for {base}: a pull request with a review from code owners, and the check {GATE} from "
        "GitHub Actions"
        for base in found.bases
    ]
    lines += [f"Rules, a branch ruleset for {base}: a merge queue" for base in found.queued]
    if found.environments:
        lines.append(
            f"the file CODEOWNERS in .github: owners of {' and '.join(OWNED)}, which decide what runs with secrets"
        )
    return lines


def _publisher(selected: Selected) -> str:
    """The names by which another service knows the job: its token says the workflow's file and the environment."""
    workflows = [path for path, kinds in ((WORKFLOW, BEFORE), (PUSHED, AFTER)) if selected.kinds.intersection(kinds)]
    files = " and ".join(path.rpartition("/")[2] for path in workflows)
    job = selected.job
    return (
        f"At {job.identity}, the trusted publisher of the job {job.name}: workflow {files}, environment {job.identity}"
    )


def _environment(kept: Keeper) -> str:
    allowed = [*(f"branch {name}" for name in kept.branches), *(f"tag {name}" for name in kept.tags)]
    return "; ".join(
        [
            f"Environments, {kept.name}: deployment branches and tags: {', '.join(allowed)}",
            *([f"secrets: {', '.join(kept.secrets)}"] if kept.secrets else []),
            *(["required reviewers"] if kept.approval else []),
        ]
    )
