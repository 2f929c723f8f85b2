"""A release, as an environment on this machine has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["ServerRelease"]


@dataclass(frozen=True)
class ServerRelease:
    """A release of an environment. Once it is staged, *folder* has its source (``app``), its virtual environment
    (``venv``), its static files (``static``) and its manifest.

    *wsgi* is the application that gunicorn serves; *python_path* are folders of the source that Python imports from.
    """

    id: str
    commit: str | None
    wsgi: str
    python_path: tuple[str, ...]
    folder: Path

    @property
    def app(self) -> Path:
        return self.folder / "app"

    @property
    def static(self) -> Path:
        return self.folder / "static"

    @property
    def facts(self) -> Path:
        """The file with what the release said of itself in its preflight."""
        return self.folder / "facts.json"

    @property
    def programs(self) -> Path:
        """The folder with the programs of the release's virtual environment."""
        return self.folder / "venv" / "bin"
