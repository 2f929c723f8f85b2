"""The image tag and the commit of what is checked out."""

from __future__ import annotations

from pathlib import Path

from ecluse.definition.model import Event
from ecluse.errors import RepositoryError
from ecluse.image.names import Version, tag_of
from ecluse.image.source import SourceCommit
from ecluse.machine import git

__all__ = ["commit_of", "image_tag", "version_tag"]


def image_tag(top: Path, source: SourceCommit, branch: str | None, event: Event | None, number: str | None) -> str:
    """The tag of the images that are built here.

    *event* is what a provider reports, with the *number* of a pull request. Without an event, or with *branch*, the
    tag is that of a push to *branch*, by default the branch that is checked out.
    """
    if branch is not None or event is None:
        event = Event(kind="push", branch=branch or git.line(top, "rev-parse", "--abbrev-ref", "HEAD"))
    return tag_of(event, source.commit, number)


def version_tag(top: Path, event: Event | None) -> str:
    """The Git tag whose images get a version: the tag that a provider reports as *event*, else the tag of HEAD.

    Raises RepositoryError if HEAD has no version tag, or several.
    """
    if event is not None and event.tag:
        return event.tag
    tags = [tag for tag in git.line(top, "tag", "--points-at", "HEAD").split() if Version.parse(tag)]
    if len(tags) != 1:
        raise RepositoryError(
            f"the commit that is checked out has {len(tags) or 'no'} version {'tags' if tags else 'tag'}",
            where=str(top),
            hint="git tag v1.2.3, or name it: ecluse image promote --version v1.2.3",
        )
    return tags[0]


def commit_of(top: Path, tag: str, event: Event | None) -> str:
    """The commit of the Git tag *tag*. Raises RepositoryError if the tag does not exist here."""
    # A provider checks out the commit of the tag that it reports, and may not fetch the tag.
    ref = "HEAD" if event is not None and event.tag == tag else f"refs/tags/{tag}^{{commit}}"
    commit = git.find(top, "rev-parse", "--verify", "--quiet", ref)
    if commit is None:
        raise RepositoryError(f"there is no tag {tag} here", where=str(top), hint="git fetch --tags")
    return commit
