"""The names of a pipeline's jobs on GitLab."""

from __future__ import annotations

__all__ = ["title"]

# https://docs.gitlab.com/ci/jobs/#job-name-limitations, and keywords that older versions of GitLab read.
_RESERVED = frozenset(
    (
        *("after_script", "artifacts", "before_script", "cache", "default", "false", "image", "include", "nil"),
        *("only", "pages", "services", "spec", "stage", "stages", "true", "types", "variables", "workflow"),
    )
)


def title(name: str) -> str:
    """The name on GitLab of the job *name*: the same, or with a word before it where GitLab keeps it for itself."""
    return f"job {name}" if name in _RESERVED else name
