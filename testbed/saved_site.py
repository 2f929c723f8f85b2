"""A site's data that are saved: a real PostgreSQL, a folder of media, and a repository of backups."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ecluse.backup.manifest import BackupManifest
from ecluse.backup.prove import prove
from ecluse.backup.save import save
from ecluse.backup.vault import Vault
from ecluse.deploy.contract import Data
from ecluse.services.kinds import POSTGRES
from ecluse.services.sources import OWN_SOURCES
from testbed.sql import rows

__all__ = ["SavedSite", "saved_site"]


class SavedSite:
    """The data of a site below *folder*, in the database at *url*, saved in *restic*; and what was said of that."""

    def __init__(self, url: str, folder: Path, restic: Any) -> None:
        self.url, self.said = url, list[str]()
        folder.chmod(0o755)
        (folder / "media" / "a folder").mkdir(parents=True)
        (folder / "media" / "a folder" / "pic[1].txt").write_text("a picture")
        self.data = Data("r1", "c1", url, folder / "media", folder, os.environ)
        self.restic = restic
        self.vault = Vault(self.restic, "production")
        self.run("CREATE TABLE django_migrations (id serial, app text, name text)")
        self.run("INSERT INTO django_migrations (app, name) VALUES ('shop', '0001_initial')")
        self.run("CREATE TABLE shop_record (id serial PRIMARY KEY, title text UNIQUE)")
        self.run("INSERT INTO shop_record (title) SELECT 'title ' || n FROM generate_series(1, 500) n")

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        return rows(self.url, sql)

    def save(self) -> BackupManifest:
        made = save(self.data, "production", self.vault, self.restic, self.said.append)
        prove(made, self.vault, self.restic, self.data.folder, os.environ)
        return made


@contextlib.contextmanager
def saved_site(kept: Callable[[Path], Any]) -> Iterator[SavedSite]:
    """A site on a PostgreSQL of its own. *kept* makes its repository, given the site's folder."""
    with (
        tempfile.TemporaryDirectory(prefix="ecluse-") as folder,
        OWN_SOURCES["embedded"].empty(POSTGRES, os.environ) as url,
    ):
        place = Path(folder).resolve()
        yield SavedSite(url, place, kept(place))
