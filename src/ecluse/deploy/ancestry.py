"""The order of rollouts: a release follows another only where its commit descends from the other's.

A provider starts an old run again at the press of a button, and a tag can be put on any commit: both would roll back
without a word. Going back is a command of its own, ``ecluse rollback``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ecluse.deploy.contract import Release
from ecluse.errors import PreflightError

__all__ = ["Descends", "refusal"]

Descends: TypeAlias = Callable[[str, str], bool | None]
"""Whether a commit is, or descends from, another one: ``descends(commit, other)``. None where history does not tell."""

_OLDER = "--older rolls it out all the same"


def refusal(release: Release, serving: Release | None, descends: Descends) -> PreflightError | None:
    """The reason why *release* may not take the place of *serving*; None where it may."""
    if serving is None or serving.id == release.id:
        return None
    for one in (release, serving):
        if one.commit is None:
            return PreflightError(
                f"the commit of release {one.id} is not known, so nobody can tell whether {release.id} is newer than"
                f" {serving.id}, which serves",
                hint=_OLDER,
            )
    assert release.commit is not None and serving.commit is not None
    answer = descends(release.commit, serving.commit)
    if answer:
        return None
    if answer is None:
        return PreflightError(
            f"this clone does not have the history between {serving.commit}, which serves, and {release.commit}",
            hint=f"git fetch --unshallow --tags origin (in CI: check out the whole history), or {_OLDER}",
        )
    return PreflightError(
        f"{release.commit} does not descend from {serving.commit}, which serves: it would take changes back",
        hint=f"merge it first; or ./ecluse rollback goes back to a kept release; or {_OLDER}",
    )
