"""The manifest of a backup: what was saved, of which release, and what must be there again after a restore."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ecluse.errors import BackupError

__all__ = ["BackupManifest", "SavedDatabase", "SavedMedia"]


@dataclass(frozen=True)
class SavedDatabase:
    """A dump of pg_dump (custom format): in which *snapshot* of the repository, its SHA-256 and size, the *major*
    version of the server, the rows of each table, and the migrations that were applied, as ``app.name``.
    """

    snapshot: str
    sha256: str
    bytes: int
    major: int
    tables: Mapping[str, int]
    migrations: tuple[str, ...]


@dataclass(frozen=True)
class SavedMedia:
    """The files of the media folder: in which *snapshot*, where they stood, how many, and the SHA-256 of some of them,
    by their paths in the folder. The snapshot is empty where there was no file.
    """

    snapshot: str
    folder: str
    files: int
    bytes: int
    sample: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BackupManifest:
    """A backup of *environment*, begun at *began* (UTC, ISO 8601), while *release* of *commit* served."""

    id: str
    environment: str
    began: str
    release: str
    commit: str | None
    database: SavedDatabase
    media: SavedMedia

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> BackupManifest:
        """Raises BackupError where *text* is no manifest."""
        try:
            value: dict[str, Any] = json.loads(text)
            database = {**value.pop("database")}
            database["migrations"] = tuple(database["migrations"])
            media = SavedMedia(**value.pop("media"))
            return cls(**value, database=SavedDatabase(**database), media=media)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BackupError("the manifest of this backup cannot be read") from None
