"""The folder on PYTHONPATH that sets a project's settings from outside: its hook, and what the hook is to do."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from ecluse.definition.model import Project
from ecluse.services.kinds import KINDS

__all__ = ["HOOKS", "OUTSIDE", "describe", "fingerprint", "place", "write"]

OUTSIDE = "outside"
"""The name of the folder in a release."""

HOOKS = tuple(Path(__file__).parent / "hook" / name for name in ("ecluse_services.py", "sitecustomize.py"))


def describe(project: Project) -> str:
    """The content of ``outside.json`` for *project*: JSON, the same for the same project."""
    return json.dumps(
        {
            "database": dict(project.database),
            "outside": not project.database,
            "overrides": dict(project.overrides),
            "services": {
                KINDS[kind].variable: {
                    "placeholder": project.env.get(KINDS[kind].variable, ""),
                    "without": dict(overrides),
                }
                for kind, overrides in project.without.items()
            },
        },
        indent=1,
        sort_keys=True,
    )


def fingerprint(project: Project) -> str:
    """The fingerprint of the folder's content for *project*: another one where the hook is another, too."""
    content = [describe(project).encode(), *(hook.read_bytes() for hook in HOOKS)]
    return hashlib.sha256(b"".join(content)).hexdigest()


def place(project: Project, below: Path) -> Path:
    """Write the folder for *project* below *below*, named by its content. Returns it."""
    folder = below / fingerprint(project)[:12]
    if not (folder / "outside.json").is_file():
        write(project, folder)
    return folder


def write(project: Project, folder: Path) -> None:
    """Write the hook for *project* into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    for hook in HOOKS:
        shutil.copyfile(hook, folder / hook.name)
    (folder / "outside.json").write_text(describe(project) + "\n", encoding="utf-8")
