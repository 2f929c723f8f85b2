"""A release, as an environment on this machine has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecluse.deploy.targets.server.configuration import Configuration
from ecluse.outside.description import OUTSIDE

__all__ = ["ServerRelease"]


@dataclass(frozen=True)
class ServerRelease:
    """A release of an environment. Once it is staged, *folder* has its source (``app``), its virtual environment
    (``venv``), its static files (``static``) and its manifest.

    The *id* is the one of the archive that was packaged. Another configuration of the same archive has the digest of
    the configuration behind it: ``4f1c22aa90b3-1a2b3c``. *wsgi* or *asgi* is the application that gunicorn serves;
    *python_path* are folders of the source that Python imports from; *root* is the folder of the source that its
    processes run in.
    """

    id: str
    commit: str | None
    wsgi: str
    python_path: tuple[str, ...]
    folder: Path
    configuration: Configuration
    root: str = "."
    asgi: str = ""

    @property
    def work(self) -> Path:
        """The folder that its processes run in."""
        return self.app / self.root

    @property
    def imports(self) -> tuple[Path, ...]:
        """The folders that its Python imports from, in order: settings from outside come first, where it has them."""
        outside = self.folder / OUTSIDE
        return (*([outside] if outside.is_dir() else []), self.app, *(self.app / one for one in self.python_path))

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
