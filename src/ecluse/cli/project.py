"""The project that a command is about: its pipeline."""

from __future__ import annotations

import os
from pathlib import Path

from ecluse.definition.load import load
from ecluse.definition.model import Pipeline
from ecluse.deploy import targets
from ecluse.services.kinds import unknown_kinds

__all__ = ["pipeline_in"]


def pipeline_in(folder: Path) -> Pipeline:
    """The pipeline that ``pipeline.py`` in *folder* defines. Raises DefinitionError where it has a mistake.

    A command that runs here on behalf of somebody elsewhere names another file: the definition that came with it.
    """
    path = Path(os.environ.get("ECLUSE_DEFINITION") or folder / "pipeline.py")
    return load(path, unknown_kinds, targets.problems)
