"""The releases of an environment on this machine: packaged ones that can be staged, staged ones that can be started."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.release import ServerRelease
from ecluse.errors import ReleaseError
from ecluse.machine import durable, interpreters, process, virtualenv
from ecluse.release import archive

__all__ = ["ServerReleases"]

KEPT = 3
"""Releases that are kept beside the one that serves and the one before."""


class ServerReleases:
    """The releases of *place*. *store* is where packaged releases are. Fits ``Catalogue``."""

    def __init__(self, place: Place, store: Path, say: Callable[[str], None]) -> None:
        self._place, self._store, self._say = place, store, say

    def newest(self) -> ServerRelease:
        """The release that was packaged last."""
        return self._packaged(archive.latest(self._store))

    def find(self, name: str) -> ServerRelease:
        """The release whose id is *name* or the only one to begin so: a staged one, else a packaged one."""
        staged = sorted(folder.name for folder in self._staged() if folder.name.startswith(name))
        if name and len(staged) == 1:
            return self.get(staged[0])
        return self._packaged(archive.find(self._store, name))

    def get(self, id: str) -> ServerRelease:
        """The staged release *id*. Raises ReleaseError where it is not staged."""
        manifest = durable.read_json(self._place.releases / id / "release.json")
        if manifest is None:
            raise ReleaseError(f"release {id} is not staged", where=str(self._place.releases))
        return self._release(
            id, manifest.get("commit"), manifest["wsgi"], manifest.get("python_path", ()), manifest.get("root", ".")
        )

    def stage(self, release: ServerRelease) -> None:
        """Unpack the release where that was not done before, and give it the static files of the other releases."""
        self.unpack(release)
        os.utime(release.folder)  # the newest are kept
        for other in self._place.releases.iterdir():
            if other.name != release.id and (other / "static").is_dir():
                _share(other / "static", release.static)

    def unpack(self, release: ServerRelease) -> None:
        """Unpack the release where that was not done before."""
        if release.folder.is_dir():
            return
        packaged = archive.find(self._store, release.id)
        if packaged.python != virtualenv.version() and self._python(packaged) is None:
            raise ReleaseError(
                f"release {packaged.id} was made for {packaged.python}, this is {virtualenv.version()}",
                hint="package it with the Python that is to run it",
            )
        scratch = Path(tempfile.mkdtemp(prefix=".unpacking.", dir=release.folder.parent))
        try:
            self._write(packaged, scratch)
            scratch.chmod(0o755)
            scratch.rename(release.folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def prune(self, keep: Collection[str]) -> None:
        """Delete staged releases other than *keep* and a few, and the virtual environments that none of them uses."""
        folders = sorted(self._staged(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        for folder in [folder for folder in folders if folder.name not in keep][KEPT:]:
            shutil.rmtree(folder, ignore_errors=True)
        used = {(folder / "venv").resolve() for folder in self._staged()}
        for venv in self._place.venvs.iterdir():
            if venv.resolve() not in used:
                shutil.rmtree(venv, ignore_errors=True)

    def _write(self, packaged: archive.PackagedRelease, folder: Path) -> None:
        place = self._place
        archive.unpack(packaged, folder)
        lock = folder / "requirements.txt"
        python = self._python(packaged)
        if not (place.venvs / virtualenv.key(lock.read_bytes(), python)).is_dir():
            self._say("installing its requirements")
        venv = virtualenv.ensure(place.venvs, lock, place.environ, python=python, compile_bytecode=True)
        (folder / "venv").symlink_to(os.path.relpath(venv, folder))
        if place.account().switch:
            # Who runs it may not write beside its source, and would compile it anew at every start.
            process.run((venv / "bin" / "python", "-P", "-m", "compileall", "-q", folder / "app"), check=False)
        durable.write_json(folder / "release.json", packaged.manifest())

    def _python(self, packaged: archive.PackagedRelease) -> Path | None:
        """The interpreter that the release was made for, where that is another one than ours and is here."""
        if packaged.python == virtualenv.version():
            return None
        return interpreters.installed(self._place.environ).get(packaged.python.rpartition("-")[2])

    def _packaged(self, found: archive.PackagedRelease) -> ServerRelease:
        return self._release(found.id, found.commit, found.wsgi, found.python_path, found.root)

    def _release(
        self, id: str, commit: str | None, wsgi: str, python_path: Collection[str], root: str
    ) -> ServerRelease:
        return ServerRelease(id, commit, wsgi, tuple(python_path), self._place.releases / id, root)

    def _staged(self) -> list[Path]:
        return [folder for folder in self._place.releases.glob("[!.]*") if folder.is_dir()]


def _share(source: Path, target: Path) -> None:
    """Link what *target* lacks of *source*: a page of one release may ask a process of the other for its files."""
    for path in source.rglob("*"):
        copy = target / path.relative_to(source)
        if path.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        elif not copy.exists():
            with contextlib.suppress(FileExistsError):
                os.link(path, copy)
