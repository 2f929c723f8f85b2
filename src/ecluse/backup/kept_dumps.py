"""Dumps of the database that are kept beside it: taken before migrations without a way back, for a rollback."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ecluse.backup import spare_room
from ecluse.backup.alone import alone
from ecluse.backup.copying import copied
from ecluse.backup.dumps import Content, Postgres
from ecluse.deploy.contract import Data
from ecluse.errors import BackupError, EcluseError
from ecluse.machine import durable
from ecluse.machine.newest import newest_first
from ecluse.machine.sizes import in_words

__all__ = ["KeptDumps"]

_KEPT = 3

_UNDONE = "-undone"
"""In the name of a dump of the data that going back to another dump has replaced."""


class KeptDumps:
    """The dumps in the folder of an environment, whose *data* is asked for when it is needed. *say* prints a line of
    progress. Fits :class:`ecluse.deploy.going_back.Dumps`.
    """

    def __init__(self, data: Callable[[], Data], say: Callable[[str], None]) -> None:
        self._data, self._say = data, say

    def take(self, id: str) -> str | None:
        try:
            content, size = self._take(id)
        except (EcluseError, OSError) as error:
            what = error.what if isinstance(error, EcluseError) else str(error)
            self._say(f"no dump is taken before migrations without a way back: {what}")
            return None
        rows = sum(content.tables.values())
        self._say(
            f"dump {id} of {len(content.tables)} tables, {rows} rows, {in_words(size)}: migrations cannot be undone"
        )
        return id

    def loss(self, name: str) -> Sequence[str]:
        about = self._about(name)
        then = about["tables"]
        now = Postgres(self._data().database, self._data().environ).content().tables
        when = datetime.fromtimestamp(about["began"], UTC)
        lost = [
            f"all that was written since {when:%Y-%m-%d %H:%M:%S} UTC is lost, also changes of rows that were there"
        ]
        for table in sorted({*then, *now}):
            if then.get(table) != now.get(table):
                lost.append(f"  {table}: {_rows(now.get(table))} now, {_rows(then.get(table))} then")
        return lost

    @contextmanager
    def in_place(self, name: str) -> Iterator[None]:
        # Given again after it was killed, it meets the data of the dump: what was there before is not written over.
        before = f"{name}{_UNDONE}-{time.time_ns()}"
        with alone(self._data(), "a backup is under way"):
            _content, size = self._take(before, keep=name)
            self._say(f"the database of now is kept as {self._folder() / before}.dump, {in_words(size)}")
            self._load(name)
            self._say(f"the database is that of dump {name}")
            try:
                yield
            except BaseException as error:
                self._put_back(before, name, error)
                raise

    def _put_back(self, before: str, name: str, error: BaseException) -> None:
        try:
            self._load(before)
        except (EcluseError, OSError) as failed:
            raise BackupError(
                f"{error}\nthe database is that of dump {name}, and could not be put back: {failed}",
                where=str(self._folder() / f"{before}.dump"),
                hint="that file has the data of now: do not delete it",
            ) from error
        self._say("the database is put back")

    def _take(self, name: str, *, keep: str = "") -> tuple[Content, int]:
        """Dump the database as *name*. Returns its content, and the size of the dump. The oldest dumps are deleted, but
        for *keep* and what going back to it has replaced.
        """
        data = self._data()
        source, folder = Postgres(data.database, data.environ), self._folder()
        folder.mkdir(mode=0o700, exist_ok=True)
        for left in folder.glob(".*"):
            left.unlink()
        spare_room.require(folder, source.size(), "that may need {}")
        began = time.time()
        scratch = folder / f".{name}"
        try:
            with source.moment() as (moment, content), source.dump(moment, compressed=True) as dump:
                with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    digest, size = copied(dump, file)
                    file.flush()
                    os.fsync(file.fileno())
            about = {"began": began, "sha256": digest, "tables": content.tables}
            durable.write_json(folder / f"{name}.json", about, mode=0o600)
            scratch.rename(folder / f"{name}.dump")
        finally:
            scratch.unlink(missing_ok=True)
        for old in newest_first(folder.glob("*.dump"))[_KEPT:]:
            if not keep or old.stem != keep and not old.stem.startswith(f"{keep}{_UNDONE}"):
                old.unlink()
                old.with_suffix(".json").unlink(missing_ok=True)
        return content, size

    def _load(self, name: str) -> None:
        """Put the dump *name* in the place of the database: all of it, or nothing."""
        about, data = self._about(name), self._data()
        database = Postgres(data.database, data.environ)
        with database.load(replacing=True) as sink, open(self._folder() / f"{name}.dump", "rb") as file:
            digest, _size = copied(file, sink)
            if digest != about["sha256"]:
                raise BackupError(f"the dump {name} is damaged: it is not what was saved", where=file.name)

    def _about(self, name: str) -> Mapping[str, Any]:
        found = durable.read_json(self._folder() / f"{name}.json")
        if found is None or not (self._folder() / f"{name}.dump").exists():
            raise BackupError(f"the dump {name} is not kept any more", where=str(self._folder()))
        if not (durable.is_time(found.get("began")) and isinstance(found.get("tables"), dict) and "sha256" in found):
            raise BackupError(f"the description of dump {name} is damaged", where=str(self._folder() / f"{name}.json"))
        return found

    def _folder(self) -> Path:
        return self._data().folder / "dumps"


def _rows(number: int | None) -> str:
    return "no table" if number is None else f"{number} rows"
