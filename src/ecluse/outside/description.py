"""The folder on PYTHONPATH that sets a project's settings from outside: its hook, and what the hook is to do."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from ecluse.definition.model import Project

__all__ = ["HOOK", "OUTSIDE", "describe", "fingerprint", "place", "write"]

OUTSIDE = "outside"
"""The name of the folder in a release."""

HOOK = Path(__file__).parent / "hook" / "sitecustomize.py"


def describe(project: Project) -> str:
    """The content of ``outside.json`` for *project*: JSON, the same for the same project."""
    return json.dumps(
        {
            "database": dict(project.database),
            "outside": not project.database,
            "overrides": dict(project.overrides),
        },
        indent=1,
        sort_keys=True,
    )


def fingerprint(project: Project) -> str:
    """The fingerprint of the folder's content for *project*: another one where the hook is another, too."""
    return hashlib.sha256(describe(project).encode() + HOOK.read_bytes()).hexdigest()


def place(project: Project, below: Path) -> Path:
    """Write the folder for *project* below *below*, named by its content. Returns it."""
    folder = below / fingerprint(project)[:12]
    if not (folder / "outside.json").is_file():
        write(project, folder)
    return folder


def write(project: Project, folder: Path) -> None:
    """Write the hook for *project* into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HOOK, folder / "sitecustomize.py")
    (folder / "outside.json").write_text(describe(project) + "\n", encoding="utf-8")
