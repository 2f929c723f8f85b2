"""The source of an image: a commit, and the labels that describe it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

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
    remote = git.find(top, "config", "--get", "remote.origin.url")
    return SourceCommit(commit, committed, clean, public_url(remote or ""))


def public_url(remote: str) -> str | None:
    """The public address of the repository: https, without an account; None for a folder."""
    remote = remote.strip()
    if found := re.fullmatch(r"[\w.-]+@([\w.-]+):(?!/)(.+)", remote):  # git@host:owner/name.git
        return f"https://{found[1]}/{found[2].removesuffix('.git')}"
    parts = urlsplit(remote)
    if parts.scheme in {"http", "https", "ssh", "git"} and parts.hostname:
        return f"https://{parts.hostname}/{parts.path.strip('/').removesuffix('.git')}"
    return None


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
