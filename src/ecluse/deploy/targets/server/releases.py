"""The releases of an environment on this machine: packaged ones that can be staged, staged ones that can be started."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from ecluse.deploy.targets.server import gunicorn, room, static
from ecluse.deploy.targets.server.configuration import Configuration
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.release import ServerRelease
from ecluse.errors import ReleaseError, TargetError
from ecluse.machine import durable, interpreters, process, virtualenv
from ecluse.machine.newest import delete_abandoned, newest_first
from ecluse.outside.description import OUTSIDE
from ecluse.release import archive

__all__ = ["ServerReleases"]

KEPT = 3
"""Releases that are kept beside the one that serves and the one before."""


class ServerReleases:
    """The releases of *place*. *store* is where packaged releases are. Fits ``Catalogue``."""

    def __init__(self, place: Place, store: Path, say: Callable[[str], None]) -> None:
        self._place, self._store, self._say = place, store, say

    def newest(self) -> ServerRelease:
        """The archive that was packaged last, with the configuration as it is now."""
        return self._configured(archive.latest(self._store))

    def find(self, name: str) -> ServerRelease:
        """The staged release *name* with the configuration that it has, where *name* names one; else the archive that
        is *name*, or the only one that begins so, with the configuration as it is now.
        """
        if "-" in name:
            return self.get(name)
        staged = {_archive(folder): folder for folder in self._staged() if folder.name.startswith(name)}
        if name and len(staged) == 1:
            return self._configured(self._manifest(*staged.values()))
        return self._configured(archive.find(self._store, name))

    def get(self, name: str) -> ServerRelease:
        """The staged release *name*, or the only one that begins so, with the configuration that it has. Raises
        ReleaseError where there is none.
        """
        folders = [folder for folder in self._staged() if folder.name.startswith(name)]
        found = [folder for folder in folders if folder.name == name] or folders
        if not name or len(found) != 1:
            what = "more than one release is" if found else "no release is"
            raise ReleaseError(f"{what} staged as {name}", where=str(self._place.releases))
        # Staged by an earlier version, it has no configuration of its own.
        configuration = Configuration.kept(found[0]) or self._place.configuration()
        return self._release(found[0].name, self._manifest(found[0]), configuration)

    def stage(self, release: ServerRelease) -> None:
        """Unpack the release where that was not done before, keep its configuration with it, and give it the static
        files of the other releases.
        """
        self.unpack(release)
        self._place.secrets.keep_key(release.configuration.secrets)
        if Configuration.kept(release.folder) is None:
            before = release.folder.stat()
            release.configuration.keep(release.folder)
            os.utime(release.folder, ns=(before.st_atime_ns, before.st_mtime_ns))
        # With the releases that will be kept beside it, and the one that it replaces.
        static.share(release.folder, self._last_served()[: KEPT + 1])

    def unpack(self, release: ServerRelease) -> None:
        """Unpack the release where that was not done before. Where its virtual environment was deleted since, or the
        Python behind it has gone with an upgrade of the machine, it is made anew.
        """
        if release.folder.is_dir():
            self._see_to_python(release.folder)
            return
        self._place.releases.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".unpacking.", dir=release.folder.parent))
        try:
            like = next(self._like(_archive(release.folder)), None)
            if like is None:
                self._write(archive.find(self._store, _archive(release.folder)), scratch)
            else:
                self._see_to_python(like)
                _copy(like, scratch)
            static.note(scratch)
            scratch.chmod(0o755)
            # When it last served is when it was changed last: it has not yet.
            os.utime(scratch, (0, 0))
            scratch.rename(release.folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _see_to_python(self, folder: Path) -> None:
        """Make the virtual environment of the release in *folder* anew where it has no Python any more. Another Python
        makes another one; what still runs with the broken one has its packages in it.
        """
        venv = (folder / "venv").resolve()
        if (venv / "bin" / "python").exists():
            return
        packaged = self._manifest(folder)
        again = self._place.venvs / virtualenv.key((folder / "requirements.txt").read_bytes(), self._python(packaged))
        if again.resolve() == venv:
            shutil.rmtree(venv, ignore_errors=True)
        self._install(packaged, folder)

    def served(self, release: ServerRelease) -> None:
        """Note that the release serves: of those that are not named, the ones that served last are kept."""
        os.utime(release.folder)

    def prune(self, keep: Collection[str]) -> None:
        """Delete staged releases other than *keep* and a few, static files that none of the others has, and virtual
        environments that none of them uses.
        """
        for folder in [folder for folder in self._last_served() if folder.name not in keep][KEPT:]:
            shutil.rmtree(folder, ignore_errors=True)
        delete_abandoned(self._place.releases.glob(".unpacking.*"))
        left = self._staged()
        for folder in left:
            if folder.name not in keep:  # a process that runs knows its static files by name
                static.prune(folder, left)
        used = {(folder / "venv").resolve() for folder in left}
        for venv in self._place.venvs.iterdir():
            if venv.resolve() not in used:
                shutil.rmtree(venv, ignore_errors=True)

    def _configured(self, packaged: archive.PackagedRelease) -> ServerRelease:
        """The release of an archive with the configuration as it is now: the staged one that has it, else a new one."""
        configuration = self._place.configuration()
        for folder in self._like(packaged.id):
            with contextlib.suppress(TargetError):  # what cannot be read is another one
                if Configuration.kept(folder) == configuration:
                    return self._release(folder.name, packaged, configuration)
        plain = self._place.releases / packaged.id
        # A folder that was only looked into has no configuration yet; one of an earlier version never has.
        taken = plain.is_dir() and (Configuration.is_kept(plain) or not static.is_noted(plain))
        id = f"{packaged.id}-{configuration.digest}" if taken else packaged.id
        return self._release(id, packaged, configuration)

    def _release(self, id: str, packaged: archive.PackagedRelease, configuration: Configuration) -> ServerRelease:
        folder = self._place.releases / id
        paths = tuple(packaged.python_path)
        serves = (packaged.wsgi, paths, folder, configuration, packaged.root, packaged.asgi)
        return ServerRelease(id, packaged.commit, *serves)

    def _like(self, archive_id: str) -> Iterator[Path]:
        """The staged releases of an archive."""
        return (folder for folder in self._staged() if _archive(folder) == archive_id)

    def _last_served(self) -> list[Path]:
        """The staged releases, the one that served last first."""
        return newest_first(self._staged())

    def _staged(self) -> list[Path]:
        return [folder for folder in self._place.releases.glob("[!.]*") if folder.is_dir()]

    def _manifest(self, folder: Path) -> archive.PackagedRelease:
        """The archive that a release was staged from, as it was packaged."""
        return archive.described(folder / "release.json", self._store / f"{_archive(folder)}.tar")

    def _write(self, packaged: archive.PackagedRelease, folder: Path) -> None:
        """Write the content of an archive, and its virtual environment, into the new *folder*."""
        self._python(packaged)  # before anything is written
        place = self._place
        room.require(place.releases, archive.verify(packaged).archive.stat().st_size, f"release {packaged.id}")
        archive.unpack(packaged, folder)
        self._install(packaged, folder)
        if place.account().switch:
            # Who runs it may not write beside its source, and would compile it anew at every start.
            python = folder / "venv" / "bin" / "python"
            process.run((python, "-P", "-m", "compileall", "-q", folder / "app"), check=False)
        durable.write_json(folder / "release.json", packaged.manifest())

    def _install(self, packaged: archive.PackagedRelease, folder: Path) -> None:
        """Make the virtual environment of the release in *folder*, unless another one has the same."""
        place, python, lock = self._place, self._python(packaged), folder / "requirements.txt"
        if not (place.venvs / virtualenv.key(lock.read_bytes(), python)).is_dir():
            # About as much as those that are here: nothing says what a lock will take.
            needed = max(map(room.size, place.venvs.glob("[!.]*")), default=0)
            room.require(place.venvs, needed, f"the environment of release {packaged.id}")
            self._say("installing its requirements")
        venv = virtualenv.ensure(place.venvs, lock, place.environ, python=python, compile_bytecode=True)
        gunicorn.require_safe(venv)
        if packaged.asgi:
            gunicorn.require_uvicorn(venv)
        durable.link(folder / "venv", Path(os.path.relpath(venv, folder)))

    def _python(self, packaged: archive.PackagedRelease) -> Path | None:
        """The interpreter that the release was made for; None where that is ours. Raises ReleaseError where it is not
        on this machine.
        """
        if packaged.python == virtualenv.version():
            return None
        found = interpreters.installed(self._place.environ).get(packaged.python.rpartition("-")[2])
        if found is None:
            raise ReleaseError(
                f"release {packaged.id} was made for {packaged.python}, this is {virtualenv.version()}",
                hint="package it with the Python that is to run it",
            )
        return found


def _archive(folder: Path) -> str:
    """The id of the archive that the release in *folder* was staged from."""
    return folder.name.partition("-")[0]


def _copy(staged: Path, folder: Path) -> None:
    """Link the content of a staged release of the same archive into the new *folder*, without its configuration."""
    for name in ("app", OUTSIDE):
        if (staged / name).is_dir():
            shutil.copytree(staged / name, folder / name, symlinks=True, copy_function=_link)
    static.copy(staged, folder)
    for name in ("requirements.txt", "release.json"):
        shutil.copy2(staged / name, folder / name)
    (folder / "venv").symlink_to(os.readlink(staged / "venv"))


def _link(source: str, target: str) -> None:
    os.link(source, target, follow_symlinks=False)
