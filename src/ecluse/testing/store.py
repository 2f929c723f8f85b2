"""The cache of migrated clusters, and the rules for which of them a run may use."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecluse.machine.newest import newest_first
from ecluse.testing.canonical import canonical, digest
from ecluse.testing.states import contents

__all__ = ["Store", "Wanted", "differences"]

# A cluster of a middling project is 45 MB; one is added by each branch, version of Python, or change of a migration.
KEPT = 8


# Of what is noted about a cluster: another version knows nothing of what an older one has kept.
_FORMAT = 4


@dataclass(frozen=True)
class Wanted:
    """The cluster that *project* (a folder) needs now: *parts* are what decides its content, see fingerprint.py."""

    project: str
    parts: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name of the cluster, before the dependencies of its migrations are known."""
        return digest(canonical([_FORMAT, self.parts]))

    @property
    def files(self) -> dict[str, str]:
        """The parts that describe files: they can change while the migrations run."""
        about = ("migrations of ", "installed packages")
        return {name: part for name, part in self.parts.items() if name.startswith(about)}


class Store:
    """A folder with, for each cluster, ``KEY.tar`` and ``KEY.json`` (what it was made of), and some notes.

    ``NAME.dependencies`` lists what the migrations executed, read and asked when they last ran with these parts. KEY is
    the digest of the parts and of these answers: what they are now decides whether there is a cluster.
    ``NAME.impossible`` says why an embedded server cannot run the migrations; ``COMMAND.last`` names the archive that a
    command used last.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, wanted: Wanted) -> Path | None:
        """The archive for *wanted*; None where there is none that is made of just that."""
        archive = self.archive(wanted, self._dependencies(wanted))
        return archive if archive.is_file() else None

    def archive(self, wanted: Wanted, dependencies: Iterable[str]) -> Path:
        """The path of the archive of *wanted*, with the current answers to *dependencies*."""
        key = digest(canonical([_FORMAT, wanted.parts, contents(dependencies)]))
        return self.folder / f"{key}.tar"

    def note(self, wanted: Wanted, dependencies: Iterable[str], archive: Path) -> None:
        """Note that *archive* is made for *wanted*, whose migrations are now known to have these dependencies."""
        names = sorted(dependencies)
        self._write(self.folder / f"{wanted.name}.dependencies", json.dumps(names))
        described = {"project": wanted.project, "parts": {**wanted.parts, **_labelled(contents(names))}}
        self._write(archive.with_suffix(".json"), json.dumps(described))

    def last(self, project: str, command: Sequence[str]) -> Path | None:
        """The archive that *command* used in *project* when it was last run: likely the one it is going to need."""
        try:
            archive = self.folder / self._last(project, command).read_text(encoding="ascii")
        except (OSError, ValueError):
            return None
        return archive if archive.is_file() else None

    def set_last(self, project: str, command: Sequence[str], archive: Path) -> None:
        """Remember that."""
        note = self._last(project, command)
        with contextlib.suppress(OSError):
            if not note.exists() or note.read_text(encoding="ascii") != archive.name:
                self._write(note, archive.name)

    def used(self, archive: Path) -> None:
        """Note that *archive* is of use, and delete those that have not been for longest."""
        with contextlib.suppress(OSError):
            os.utime(archive)
        self._prune()

    def why_new(self, wanted: Wanted) -> list[str]:
        """The differences between *wanted* and the cluster that the project used last; empty if it used none."""
        latest: tuple[float, dict[str, str]] | None = None
        for path in self.folder.glob("*.json"):
            with contextlib.suppress(OSError, ValueError, KeyError):
                made = json.loads(path.read_text(encoding="utf-8"))
                archive = path.with_suffix(".tar")
                if made["project"] == wanted.project and archive.exists():
                    used = archive.stat().st_mtime
                    latest = max(latest or (used, made["parts"]), (used, made["parts"]), key=lambda pair: pair[0])
        if latest is None:
            return []
        files = [name[len(_LABEL) :] for name in latest[1] if name.startswith(_LABEL)]
        changed = differences(latest[1], {**wanted.parts, **_labelled(contents(files))})
        return [name.removeprefix(_LABEL) for name in changed]

    def impossible(self, wanted: Wanted) -> str | None:
        """Why an embedded server is known to be unable to run these migrations."""
        try:
            return self._note(wanted).read_text(encoding="utf-8")
        except OSError:
            return None

    def set_impossible(self, wanted: Wanted, why: str | None) -> None:
        """Remember that, or forget it."""
        if why is None:
            self._note(wanted).unlink(missing_ok=True)
        else:
            self._write(self._note(wanted), why)

    def _last(self, project: str, command: Sequence[str]) -> Path:
        return self.folder / f"{digest(canonical([project, list(command)]))}.last"

    def _note(self, wanted: Wanted) -> Path:
        return self.folder / f"{wanted.name}.impossible"

    def _dependencies(self, wanted: Wanted) -> list[str]:
        try:
            names = json.loads((self.folder / f"{wanted.name}.dependencies").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [str(name) for name in names]

    def _write(self, path: Path, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self.folder, delete=False) as file:
            file.write(text)
        os.replace(file.name, path)

    def _prune(self) -> None:
        paths = newest_first(self.folder.iterdir())
        archives = [path for path in paths if path.suffix == ".tar"]
        notes = [path for path in paths if path.suffix in (".dependencies", ".impossible", ".last")]
        kept = archives[:KEPT]
        orphans = [path for path in paths if path.suffix == ".json" and path.with_suffix(".tar") not in kept]
        known = (".tar", ".json", ".dependencies", ".impossible", ".last")
        for path in (*archives[KEPT:], *notes[4 * KEPT :], *orphans):
            path.unlink(missing_ok=True)
        for path in paths:
            with contextlib.suppress(FileNotFoundError):  # another run prunes as well
                if path.suffix not in known and time.time() - path.stat().st_mtime > _INTERRUPTED:
                    path.unlink()


# Seconds after which a file that was not finished never will be.
_INTERRUPTED = 3600.0

_LABEL = "asked: "


def _labelled(answers: Mapping[str, str]) -> dict[str, str]:
    return {f"{_LABEL}{dependency}": state for dependency, state in answers.items()}


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The names of the parts that are not the same in both."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
