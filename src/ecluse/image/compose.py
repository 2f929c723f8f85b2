"""The outside test of the images: command lines of Docker Compose."""

from __future__ import annotations

from pathlib import Path

__all__ = ["down", "up"]


def up(file: Path, *, project: str, service: str) -> tuple[str, ...]:
    """The command that starts the services of *file*, ends with *service*, and returns its exit code."""
    return (*_compose(file, project), "up", "--no-build", "--quiet-pull", "--exit-code-from", service)


def down(file: Path, *, project: str) -> tuple[str, ...]:
    """The command that removes everything that :func:`up` made, volumes too."""
    return (*_compose(file, project), "down", "--volumes", "--remove-orphans", "--timeout", "5")


def _compose(file: Path, project: str) -> tuple[str, ...]:
    return ("docker", "compose", "--ansi", "never", "--file", str(file), "--project-name", project)
