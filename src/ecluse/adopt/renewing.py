"""The locks of an adopted project, renewed from the file that they were made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ecluse.adopt import locking
from ecluse.adopt.declarations import declarations
from ecluse.adopt.frontend import NODE_LOCK
from ecluse.adopt.writing import SITE_LOCK, TESTS_LOCK, headed, source_of
from ecluse.definition.model import Build, Project
from ecluse.errors import AdoptError
from ecluse.outside.processes import interpreter

__all__ = ["renew"]


def renew(
    top: Path,
    project: Project,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    *,
    builds: Sequence[Build] = (),
) -> None:
    """Resolve what the project declares now, and write its locks. Raises AdoptError where it declares nothing."""
    source = source_of((top / SITE_LOCK).read_text(encoding="utf-8"))
    declared = next((one for one in declarations(top, project.folder) if one.source == source), None)
    if declared is None:
        raise AdoptError(f"{source} is not there, or says nothing", where=SITE_LOCK, hint="ecluse adopt --write")
    locks = locking.lock(declared, (top / source).parent, interpreter(project, environ), environ, say)
    for name, text in ((SITE_LOCK, locks.site), (TESTS_LOCK, locks.tests)):
        (top / name).write_text(headed(source, text), encoding="utf-8")
    least = next((one.version for one in builds if one.lock == NODE_LOCK), None)
    if least is not None:
        (top / NODE_LOCK).write_text(headed("package.json", locking.node(least, environ)), encoding="utf-8")
