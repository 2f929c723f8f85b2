"""The project that a command is about: its folder, and its pipeline."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ecluse.definition.load import load
from ecluse.definition.model import Pipeline
from ecluse.deploy import targets
from ecluse.errors import RepositoryError
from ecluse.services.kinds import unknown_kinds

__all__ = ["checked_pipeline_in", "pipeline_in", "top"]


def pipeline_in(folder: Path) -> Pipeline:
    """The pipeline that ``pipeline.py`` in *folder* defines. Raises DefinitionError where it has a mistake.

    A command that runs here on behalf of somebody elsewhere names another file: the definition that came with it.
    """
    path = Path(os.environ.get("ECLUSE_DEFINITION") or folder / "pipeline.py")
    return load(path, unknown_kinds, targets.problems)


def checked_pipeline_in(folder: Path) -> Pipeline:
    """The pipeline of the repository in *folder*, whose jobs name inputs that are there."""
    from ecluse.run.inputs import check

    pipeline = pipeline_in(folder)
    check(pipeline, folder)
    return pipeline


def top(start: Path | None = None) -> Path:
    """The repository's top: the nearest folder, from *start* upwards, that has a pipeline.py."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "pipeline.py").is_file():
            _hide_from_git(folder / ".ecluse")
            return folder
    raise RepositoryError(
        f"no pipeline.py in {start} or above it",
        hint="run ecluse inside a repository that has one, or write one: `from ecluse import Job, Pipeline, command`",
    )


def _hide_from_git(work: Path) -> None:
    """Have git ignore *work*, where runs and releases are kept, whatever the repository's own .gitignore says."""
    with contextlib.suppress(OSError):  # a read-only clone: then nothing is written there at all
        if not (work / ".gitignore").exists():
            work.mkdir(exist_ok=True)
            (work / ".gitignore").write_text("*\n", encoding="ascii")
