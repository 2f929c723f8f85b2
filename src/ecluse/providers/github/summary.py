"""The summary of a GitHub job: Markdown in a file that GitHub names.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from ecluse.secrets import masked

__all__ = ["add"]

_VARIABLE = "GITHUB_STEP_SUMMARY"


def add(environ: Mapping[str, str], markdown: str) -> None:
    """Add *markdown*, with every secret masked, to the summary of the job that *environ* belongs to."""
    file = environ.get(_VARIABLE)
    if file:
        # A summary that cannot be written must neither turn a green job red, nor hide why a job is red.
        with suppress(OSError), open(file, "a", encoding="utf-8") as stream:
            stream.write(masked(markdown))
