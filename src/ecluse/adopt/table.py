"""The results of adopting a project, row by row: what worked, its seconds, and whose failure it is where it did not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from ecluse.errors import EcluseError

__all__ = ["Row", "Table", "Whose"]

Whose = Literal["", "theirs", "PostgreSQL's", "ours"]


@dataclass
class Row:
    """A step that was tried. *whose*: the project's own failure, a difference of PostgreSQL, or Écluse's."""

    name: str
    ok: bool = True
    seconds: float = 0.0
    detail: str = ""
    whose: Whose = ""


@dataclass
class Table:
    """The rows in the order in which they were tried; *heard* gets each as it ends."""

    heard: Callable[[Row], None] = field(default=lambda row: None)
    rows: list[Row] = field(default_factory=list)

    @contextmanager
    def row(self, name: str, whose: Whose = "ours", *, began: float | None = None) -> Iterator[Row]:
        """Try what is done in the context. An expected failure is a row that failed, *whose* it is, and is raised. Work
        that *began* before the context did so at that time of ``time.monotonic``.
        """
        row = Row(name)
        began = time.monotonic() if began is None else began
        try:
            yield row
        except EcluseError as error:
            row.ok, row.whose = False, row.whose or whose
            row.detail = "\n".join(text for text in (row.detail, error.what) if text)
            raise
        finally:
            row.seconds = round(time.monotonic() - began, 1)
            self.rows.append(row)
            self.heard(row)

    @property
    def ok(self) -> bool:
        """Whether nothing failed that is not the project's own."""
        return all(row.ok or row.whose == "theirs" for row in self.rows)

    def as_json(self) -> list[dict[str, object]]:
        return [dict(vars(row)) for row in self.rows]
