"""The backups of an environment in their repository: which there are, how each was proved, which are kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import IO, Any

from ecluse.backup.manifest import BackupManifest
from ecluse.backup.restic import Restic, ResticSnapshot
from ecluse.definition.model import Backup
from ecluse.errors import BackupError

__all__ = ["Listed", "Vault", "kept"]

MANIFEST, PROOF = "manifest.json", "proof.json"
DATABASE = "database.dump"


@dataclass(frozen=True)
class Listed:
    """A backup that is whole. *proved* says how its last proof ended, and *at* when (UTC, ISO 8601): None where it
    never ended.
    """

    id: str
    began: str
    release: str
    bytes: int
    proved: bool | None
    at: str | None = None

    @property
    def verdict(self) -> str:
        return {True: "proved", False: "FAILED", None: "not proved"}[self.proved]

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "began": self.began,
            "release": self.release,
            "bytes": self.bytes,
            "proved": self.proved,
            "proof": self.at,
        }


class Vault:
    """The backups of *environment* in *restic*."""

    def __init__(self, restic: Restic, environment: str) -> None:
        self._restic, self._environment = restic, environment

    def tags(self, id: str, part: str, **more: str) -> dict[str, str]:
        """The tags of a snapshot that is a *part* of the backup *id*."""
        return {"ecluse": self._environment, "backup": id, "part": part, **more}

    def keep(self, manifest: BackupManifest) -> None:
        """Write the manifest: from now on the backup is one."""
        size = str(manifest.database.bytes + manifest.media.bytes)
        tags = self.tags(manifest.id, "manifest", release=manifest.release, began=manifest.began, bytes=size)
        self._write(MANIFEST, tags, manifest.as_json())

    def note(self, id: str, *, good: bool, why: str) -> None:
        """Write how a proof of the backup *id* ended."""
        text = json.dumps({"good": good, "why": why}) + "\n"
        self._write(PROOF, self.tags(id, "proof", good=str(good).lower()), text)

    def all(self) -> list[Listed]:
        """The backups, the oldest first."""
        return list(_listed(self._snapshots()))

    def find(self, wanted: str | None) -> Listed:
        """The backup whose id begins with *wanted*; without it, the newest that is proved. Raises BackupError where
        there is none, or more than one.
        """
        listed = self.all()
        if wanted is None:
            found = [one for one in listed if one.proved][-1:]
        else:
            found = [one for one in listed if one.id.startswith(wanted)]
        if len(found) != 1:
            what = "no backup is proved" if wanted is None else f"{len(found)} backups begin with {wanted!r}"
            raise BackupError(what, where=self._environment, hint=f"./ecluse backups {self._environment} lists them")
        return found[0]

    def manifest(self, listed: Listed) -> BackupManifest:
        """The manifest of the backup *listed*."""
        found = self._restic.snapshots(self.tags(listed.id, "manifest"))
        return BackupManifest.from_json(self._restic.text(found[0].id, MANIFEST))

    def prune(self, policy: Backup) -> int:
        """Delete the backups that *policy* does not keep, and what interrupted ones left. Returns how many backups."""
        snapshots = self._snapshots()
        listed = list(_listed(snapshots))
        stay = kept(listed, policy)
        gone = [one.id for one in snapshots if one.tags.get("backup") not in stay]
        self._restic.forget(gone)
        return len(listed) - len(stay)

    def _snapshots(self) -> list[ResticSnapshot]:
        return self._restic.snapshots({"ecluse": self._environment})

    def _write(self, name: str, tags: Mapping[str, str], text: str) -> None:
        def write(sink: IO[bytes]) -> None:
            sink.write(BytesIO(text.encode()).getvalue())

        self._restic.save_stream(name, tags, write)


def _listed(snapshots: Iterable[ResticSnapshot]) -> Iterator[Listed]:
    snapshots = list(snapshots)
    proofs = {
        one.tags["backup"]: (one.tags.get("good") == "true", one.time)
        for one in snapshots
        if one.tags.get("part") == "proof"
    }
    for one in snapshots:
        if one.tags.get("part") == "manifest":
            tags = one.tags
            proved = proofs.get(tags["backup"], (None, None))
            yield Listed(tags["backup"], tags["began"], tags["release"], int(tags["bytes"]), *proved)


def kept(listed: Sequence[Listed], policy: Backup) -> set[str]:
    """The ids of the backups that stay: the newest of each of the last days, weeks and months that have one, by
    *policy*; and the newest proved one. A backup that is proved goes before a newer one of the same day that is not.
    """
    stay = {one.id for one in [one for one in listed if one.proved][-1:]}
    stay |= {one.id for one in listed[-1:]}
    for count, form in ((policy.keep_daily, "%Y-%m-%d"), (policy.keep_weekly, "%G-%V"), (policy.keep_monthly, "%Y-%m")):
        spans: dict[str, Listed] = {}
        for one in listed:
            span = datetime.fromisoformat(one.began).strftime(form)
            if span not in spans or one.proved or not spans[span].proved:
                spans[span] = one
        stay |= {spans[span].id for span in sorted(spans)[len(spans) - count if count < len(spans) else 0 :]}
    return stay
