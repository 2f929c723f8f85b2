"""The tables that each statement of a migration locks, reads through and rewrites, heard while it runs on a copy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .pg_catalog import HEARS, OURS
from .statements import asks_for_rows, bare, converts, decides, holds_nobody_up, writes

__all__ = ["TableLock", "StatementListener"]

_STRENGTH = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
"""The table locks that hold a site up, from the weakest on: all of them stop writing, the last one reading too."""

_STATE = f"""
SELECT c.oid, n.nspname || '.' || c.relname, c.relfilenode, coalesce(pg_stat_get_xact_numscans(c.oid), 0),
    (SELECT array_agg(l.mode) FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.relation = c.oid AND l.granted)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm') AND {OURS}
"""

_LISTEN = f"""
CREATE SCHEMA {HEARS};
CREATE TABLE {HEARS}.lost (relation oid, how text);
CREATE FUNCTION {HEARS}.loses() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN INSERT INTO {HEARS}.lost VALUES (TG_RELID, TG_OP); RETURN NULL; END $$;
GRANT USAGE ON SCHEMA {HEARS} TO PUBLIC;
GRANT ALL ON {HEARS}.lost TO PUBLIC;
"""

_DML = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|SAVEPOINT|RELEASE|ROLLBACK|SET|SHOW)\b", re.I)
_DELETES = re.compile(r"\bDELETE\b", re.I)
_SOME_ROWS = re.compile(r"\s*DELETE\s+FROM\s[^;]*\sWHERE\s+(?!\(?\s*(?:true|1\s*=\s*1|'')\s*\)?\s*$)", re.I)
_EMPTIES = re.compile(r"\bDELETE\s+FROM\s+(?:ONLY\s+)?([\w\".]+)\s*(?:\*|AS\s+\w+)?\s*(?:;|$|RETURNING\b)", re.I)


@dataclass(frozen=True)
class TableLock:
    """A table that a statement locks. *reads*: it goes through all rows meanwhile; *rewrites*: it writes all anew."""

    table: str
    mode: str
    reads: bool
    rewrites: bool
    statement: str


@dataclass(frozen=True)
class _State:
    name: str
    file: int
    scans: int
    mode: str | None
    read: bool


class StatementListener:
    """Hears the statements of *connection*, which is connected to a copy. *forbid* raises for one that must not run."""

    def __init__(self, connection: Any, forbid: Callable[[str], None] = lambda sql: None) -> None:
        self._connection, self._forbid = connection, forbid
        self._known: dict[int, _State] = {}
        self._held: dict[tuple[str, str], TableLock] = {}
        self._emptied: set[str] = set()
        self._deleted: set[str] = set()
        self.on_data = False
        """Whether RunPython runs: what it does to rows is not judged."""
        self.asked = False
        """Whether RunPython has asked for rows."""
        self.converted: list[tuple[str, str]] = []
        """The tables and columns whose values are written anew by an expression."""
        self.written: set[str] = set()
        """The tables whose rows a statement writes: what it writes is not judged."""
        self.by_rows: list[str] = []
        """Reasons why the copy, which has no rows, cannot tell what happens."""

    @staticmethod
    def attach(run: Callable[[str], Any], tables: list[str]) -> None:
        """Have the copy tell of tables that lose rows."""
        run(_LISTEN)
        for table in tables:
            run(f"CREATE TRIGGER {HEARS} AFTER DELETE OR TRUNCATE ON {table} EXECUTE FUNCTION {HEARS}.loses()")

    @contextmanager
    def hear(self) -> Iterator[None]:
        """Listen from here on to one migration; ask :meth:`held` and :meth:`emptied` afterwards."""
        self._held, self._emptied, self._deleted = {}, set(), set()
        self.converted, self.by_rows, self.written = [], [], set()
        self._known = self._look()
        commit = self._connection.commit

        def committing() -> None:
            self._note("", self._known)
            commit()

        self._connection.commit = committing
        try:
            with self._connection.execute_wrapper(self._statement):
                yield
        finally:
            del self._connection.commit

    def held(self) -> list[TableLock]:
        """The locked tables, the longest locked first."""
        return sorted(self._held.values(), key=lambda one: (not one.rewrites, not one.reads, one.table))

    def emptied(self) -> set[str]:
        """The full names of tables that lost all their rows."""
        self._take_losses()
        return set(self._emptied)

    def deleted(self) -> set[str]:
        """The full names of tables that lost rows by a statement whose words do not tell which."""
        self._take_losses()
        return self._deleted - self._emptied

    def forget_deletes(self) -> None:
        """Take what was deleted so far for what is not judged."""
        with self._connection.connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {HEARS}.lost WHERE how = 'DELETE'")

    def _take_losses(self) -> None:
        with self._connection.connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {HEARS}.lost RETURNING relation, how")
            for oid, how in cursor.fetchall():
                if oid in self._known:
                    (self._deleted if how == "DELETE" else self._emptied).add(self._known[oid].name)

    def _statement(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = bare(str(sql))
        self._forbid(str(sql))
        if self.on_data and asks_for_rows(text):
            self.asked = True
        deletes = [one for one in text.split(";") if _DELETES.search(one)]
        if not self.on_data:
            self._emptied |= {name for table in _EMPTIES.findall(text) if (name := self._name(table))}
            self.converted += [(self._table(table), column) for table, column in converts(text)]
            self.written |= {self._table(table) for table in writes(str(sql)) if self._name(table)}
        result = self._run(lambda: execute(sql, params, many, context), str(sql), text, many)
        if deletes and all(map(_SOME_ROWS.match, deletes)):
            self.forget_deletes()
        return result

    def _run(self, execute: Callable[[], Any], sql: str, text: str, many: bool) -> Any:
        if _DML.match(text) or many:
            return execute()
        before = self._look()
        if self._connection.in_atomic_block or not self._connection.get_autocommit() or holds_nobody_up(text):
            result = execute()
            self._note(sql, before)
            return result
        return self._alone(execute, sql, before)

    def _alone(self, execute: Callable[[], Any], sql: str, before: dict[int, _State]) -> Any:
        """A statement that is a transaction of its own: its locks are seen if the transaction is ours."""
        raw = self._connection.connection
        with raw.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                result = execute()
            except Exception as error:
                cursor.execute("ROLLBACK")
                if "transaction block" not in str(error):
                    raise
                return execute()
            self._note(sql, before)
            cursor.execute("COMMIT")
        return result

    def _note(self, sql: str, before: dict[int, _State]) -> None:
        try:
            now = self._look()
        except Exception:  # the transaction has failed: what failed it is raised elsewhere
            return
        asked = decides(sql) and any(
            state.read and not before[oid].read for oid, state in now.items() if oid in self._known and oid in before
        )
        if asked:
            self.by_rows.append("it asks for rows, of which the copy has none, before it changes the schema")
        for oid, known in self._known.items():
            state, was = now.get(oid), before.get(oid, known)
            if state is None or state.mode is None:
                continue
            rewrites = state.file != was.file
            reads = state.scans > was.scans
            earlier = self._held.get((known.name, state.mode))
            if earlier is None or (rewrites and not earlier.rewrites) or (reads and not earlier.reads):
                if sql or earlier is None:
                    self._held[known.name, state.mode] = TableLock(known.name, state.mode, reads, rewrites, sql)

    def _look(self) -> dict[int, _State]:
        with self._connection.connection.cursor() as cursor:
            cursor.execute(_STATE)
            return {
                oid: _State(
                    name,
                    file,
                    scans,
                    max((one for one in modes or () if one in _STRENGTH), key=_STRENGTH.index, default=None),
                    "AccessShareLock" in (modes or ()),
                )
                for oid, name, file, scans, modes in cursor.fetchall()
            }

    def _table(self, table: str) -> str:
        """Django's name of the table that a statement names."""
        full = self._name(table)
        return full.partition(".")[2] if full else table

    def _name(self, table: str) -> str | None:
        with self._connection.connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s)::oid", [table])
            oid = cursor.fetchone()[0]
        return self._known[oid].name if oid in self._known else None
