"""The source of an image: a commit, and the labels that describe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ecluse.errors import RepositoryError
from ecluse.machine import git

__all__ = ["REVISION", "SourceCommit", "labels", "source_of"]

# https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys
_PREFIX = "org.opencontainers.image."
REVISION = _PREFIX + "revision"


@dataclass(frozen=True)
class SourceCommit:
    """The source that is checked out.

    *committed* is the commit's date in seconds since 1970. *clean*: no file was changed or added since. *url* is the
    public address of the repository, if there is one.
    """

    commit: str
    committed: int
    clean: bool
    url: str | None = None

    @property
    def revision(self) -> str:
        """The commit, marked as ``-dirty`` if files were changed or added."""
        return self.commit if self.clean else f"{self.commit}-dirty"


def source_of(top: Path) -> SourceCommit:
    """The source at *top*. Raises RepositoryError outside of a repository, or before its first commit."""
    commit = git.head(top)
    if commit is None:
        raise RepositoryError(
            "an image is built from a commit, and there is no commit yet",
            where=str(top),
            hint="git init, git add, git commit",
        )
    committed = int(git.line(top, "show", "--no-patch", "--format=%ct", commit))
    clean = not git.read(top, "status", "--porcelain")
    origin = git.origin(top)
    return SourceCommit(commit, committed, clean, f"https://{origin}" if origin else None)


def labels(source: SourceCommit, *, title: str, version: str) -> Mapping[str, str]:
    """The labels of an image. They are the same for the same commit, wherever and whenever it is built."""
    found = {
        "title": title,
        "version": version,
        "revision": source.revision,
        "created": datetime.fromtimestamp(source.committed, UTC).isoformat(),
    }
    if source.url:
        found["source"] = source.url
    return {_PREFIX + name: value for name, value in found.items()}
