"""A repository of backups in memory, which fits :class:`ecluse.backup.restic.Restic`."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from ecluse.backup.restic import ResticSnapshot, Saved

__all__ = ["MemoryRestic"]


class _Input(io.BytesIO):
    def close(self) -> None:
        """The content is read after its end."""


class MemoryRestic:
    """Snapshots by their ids: of a file its content, of a folder a copy below *copies*."""

    def __init__(self, copies: Path) -> None:
        self.copies = copies
        self.made: list[ResticSnapshot] = []
        self.files: dict[str, bytes] = {}
        self.folders: dict[str, Path] = {}

    def open(self, say: Callable[[str], None], *, make: bool, hint: str = "") -> None:
        """The repository is there."""

    def save_stream(self, name: str, tags: Mapping[str, str], write: Callable[[IO[bytes]], None]) -> Saved:
        sink = _Input()
        write(sink)
        made = self._made(tags)
        self.files[made.id] = sink.getvalue()
        return Saved(made.id, 1, len(self.files[made.id]))

    def save_folder(self, folder: Path, tags: Mapping[str, str], say: Callable[[str], None]) -> Saved:
        made = self._made(tags)
        self.folders[made.id] = folder
        shutil.copytree(folder, self.copies / made.id)
        files = [path for path in folder.rglob("*") if path.is_file()]
        return Saved(made.id, len(files), sum(path.stat().st_size for path in files))

    def snapshots(self, tags: Mapping[str, str]) -> list[ResticSnapshot]:
        return [one for one in self.made if tags.items() <= one.tags.items()]

    def text(self, snapshot: str, name: str) -> str:
        return self.files[snapshot].decode()

    def stream(self, snapshot: str, name: str, write: Callable[[bytes], object]) -> None:
        write(self.files[snapshot])

    def restore(self, snapshot: str, target: Path, only: Sequence[str] = ()) -> None:
        shutil.copytree(self.copies / snapshot, target / self.folders[snapshot].relative_to("/"))

    def forget(self, snapshots: Sequence[str]) -> None:
        self.made = [one for one in self.made if one.id not in snapshots]

    def _made(self, tags: Mapping[str, str]) -> ResticSnapshot:
        made = ResticSnapshot(f"s{len(self.files) + len(self.folders)}", "2026-11-27T04:00:00Z", dict(tags))
        self.made.append(made)
        return made
