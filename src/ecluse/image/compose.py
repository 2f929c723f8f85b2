"""The test from outside: the command lines of Docker Compose around one run of it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["down", "up"]


def up(file: Path, *, project: str, service: str) -> tuple[str, ...]:
    """Starts what *file* has; ends with *service*, and as it did."""
    return (*_compose(file, project), "up", "--no-build", "--quiet-pull", "--exit-code-from", service)


def down(file: Path, *, project: str) -> tuple[str, ...]:
    """Removes all that :func:`up` made, its volumes too."""
    return (*_compose(file, project), "down", "--volumes", "--remove-orphans", "--timeout", "5")


def _compose(file: Path, project: str) -> tuple[str, ...]:
    return ("docker", "compose", "--ansi", "never", "--file", str(file), "--project-name", project)
