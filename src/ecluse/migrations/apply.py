"""Migrating: one process at a time, giving up rather than holding everyone up, patient where nobody waits."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from .databases import create, migrated, missing
from .statements import bare, built_index, holds_nobody_up

__all__ = ["ADVISORY_LOCK", "migrate"]

# Any constant: the same for every version of ecluse, or two of them would migrate at once.
ADVISORY_LOCK = 0x6563_6C75_7365

# Milliseconds. Waiting for a table's lock, a migration makes everyone behind it wait too: it gives up instead.
LOCK_TIMEOUT = 5_000
STATEMENT_TIMEOUT = 300_000

UNDER_WAY = 4
"""The exit code where another process migrates."""

_STRONG = """
SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND l.granted AND c.relkind IN ('r', 'p', 'm')
        AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
"""

_INVALID = """
SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND i.indrelid = to_regclass(%s) AND c.relname = %s
    AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
"""


def migrate(*, makes: bool = False) -> int:
    """Apply the pending migrations of every database that has some, and record what is squashed. With *makes* a
    database that is not there is made. Returns the exit code.
    """
    from django.core.management import call_command

    with ExitStack() as stack:
        found = migrated()
        for connection in found:
            if makes and missing(connection):
                print(f"making the database {connection.settings_dict['NAME']}")
                create(connection)
        for connection in found:
            if connection.vendor == "postgresql" and not stack.enter_context(_alone(connection)):
                print("another migration of this database is under way", file=sys.stderr)
                return UNDER_WAY
        for connection in found:
            with connection.execute_wrapper(_Patience(connection)):
                # Where nothing is pending too: a squashed migration is recorded, and post_migrate makes permissions.
                call_command("migrate", database=connection.alias, interactive=False, verbosity=1, no_color=True)
    return 0


@contextmanager
def _alone(connection: Any) -> Iterator[bool]:
    """Hold the advisory lock and the timeouts; yields False where somebody else has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
        mine = cursor.fetchone()[0]
        if mine:
            # Of the session, like the lock: both end with this process, however it ends.
            cursor.execute(f"SET lock_timeout = {LOCK_TIMEOUT}")
            cursor.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT}")
    yield bool(mine)


class _Patience:
    """Lets a statement that holds nobody up wait as long as it must, and drops an invalid index that it would meet."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._patient = connection, False

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        said = bare(str(sql))
        if self._patient or self._connection.vendor != "postgresql" or not holds_nobody_up(said):
            return execute(sql, params, many, context)
        index = built_index(said)
        self._patient = True
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(_STRONG)
                if cursor.fetchone()[0]:  # in a transaction that holds others up already
                    return execute(sql, params, many, context)
                cursor.execute("SET lock_timeout = 0")
                cursor.execute("SET statement_timeout = 0")
                if index is not None:
                    self._drop_invalid(cursor, *index)
            return self._run(lambda: execute(sql, params, many, context), index)
        finally:
            self._impatient()
            self._patient = False

    def _run(self, execute: Callable[[], Any], index: tuple[str, str] | None) -> Any:
        try:
            return execute()
        except Exception as error:
            if index is not None:
                exists = "already exists" in str(error)
                what = (
                    "an earlier attempt made it"
                    if exists
                    else "what was built of it stays, and is dropped by the next attempt"
                )
                print(f"{what}: DROP INDEX CONCURRENTLY {index[0]};", file=sys.stderr)
            raise

    def _drop_invalid(self, cursor: Any, name: str, table: str) -> None:
        cursor.execute(_INVALID, [table, name.strip('"') if '"' in name else name.lower()])
        for (invalid,) in cursor.fetchall():
            print(f"dropping the invalid index {invalid}, which a failed attempt left")
            cursor.execute(f"DROP INDEX CONCURRENTLY {invalid}")

    def _impatient(self) -> None:
        if self._connection.connection is None or self._connection.needs_rollback:
            return
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = {LOCK_TIMEOUT}")
                cursor.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT}")
        except Exception:  # the transaction has failed, or the connection is gone: its settings end with it
            return
