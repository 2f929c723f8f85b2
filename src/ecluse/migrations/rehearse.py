"""The pending migrations, run on a copy of the serving schema: what each would do, seen and not guessed."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

from .compare import findings
from .copies import Copy, NotTried
from .functions import may_change_schema
from .left_columns import refused
from .listen import TableLock
from .numbers import taken
from .pg_catalog import read
from .uses import Uses

__all__ = ["HANDLERS", "Rehearsed", "quietly", "rehearse"]

HANDLERS = "post_migrate"
"""The name under which the handlers of Django's signal are judged: they run after the last migration."""


@dataclass(frozen=True)
class Rehearsed:
    """The effects of a migration: why it is *unsafe*, what it *held*, and what of it the rehearsal could not see."""

    name: str
    unsafe: tuple[str, ...] = ()
    held: tuple[TableLock, ...] = ()
    notes: tuple[str, ...] = ()


def rehearse(copy: Copy, uses: Uses, copies: Collection[str]) -> list[Rehearsed]:
    """Apply the pending migrations to *copy*, and judge each for a release that *uses* the schema as it was. *copies*
    are the aliases that are connected to copies; no other may be reached meanwhile.
    """
    from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
    from django.db.migrations.executor import MigrationExecutor

    connection, found = copy.connection, []
    executor: Any = MigrationExecutor(connection)  # its state of a project is what Django's own command asks for
    full = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    pending = [migration for migration, _backwards in plan]
    state = executor._create_project_state(with_applied_migrations=True)
    told: dict[str, Any] = {"verbosity": 0, "interactive": False, "stdout": io.StringIO()}
    judge = _Judge(copy, uses)

    with _harmless(copy, copies) as notes, redirect_stdout(sys.stderr):
        emit_pre_migrate_signal(db=connection.alias, apps=state.apps, plan=plan, **told)
        for migration, _backwards in full:
            if migration not in pending:
                continue
            notes.clear()

            def apply(migration: Any = migration) -> None:
                nonlocal state
                state.apps  # noqa: B018: rendered once, as Django's own command does, or every operation does it anew
                state = executor.apply_migration(state, migration)

            name = f"{migration.app_label}.{migration.name}"
            seen = judge.step(name, apply, notes)
            found.append(seen)
            if judge.failed:
                rest = pending[pending.index(migration) + 1 :]
                reason = f"it could not be tried on a copy, since {name} could not"
                return [*found, *(Rehearsed(f"{one.app_label}.{one.name}", (reason,)) for one in rest)]
        executor.check_replacements()
        state.clear_delayed_apps_cache()
        notes.clear()
        last = judge.step(
            HANDLERS, lambda: emit_post_migrate_signal(db=connection.alias, apps=state.apps, plan=plan, **told), notes
        )
    return [*found, *([last] if last.unsafe else [])]


class _Judge:
    """Compares what there is after each step with what the serving release found."""

    def __init__(self, copy: Copy, uses: Uses) -> None:
        self._copy, self._uses, self._before = copy, uses, copy.schema
        self._said: set[str] = set()
        self.failed = False

    def step(self, name: str, act: Callable[[], object], notes: Sequence[str] = ()) -> Rehearsed:
        listener, connection = self._copy.listener, self._copy.connection
        untried: list[str] = []
        with listener.hear():
            try:
                act()
            except Exception as error:
                self.failed = True
                untried = [f"it could not be tried on a copy: {type(error).__name__}: {_line(error)}"]
                connection.close()
        untried += [note for note in notes if note.startswith("it could not")]
        # A connection of its own: settings of the role and the database count from the next one on.
        connection.close()
        try:
            found = self._found()
        except Exception as error:
            self.failed = True
            found = [f"it leaves a database that the role of the site cannot use: {_line(error)}"]
        reasons = [one for one in found if one not in self._said]
        self._said |= set(reasons)
        rest = [note for note in notes if note not in untried]
        rest += [f"it writes rows of {table}: what it writes is not judged" for table in sorted(self._written())]
        return Rehearsed(name, (*reasons, *untried), tuple(listener.held()), tuple(rest))

    def _written(self) -> set[str]:
        """The tables of the release whose rows the step has written by SQL."""
        return self._copy.listener.written & set(self._uses.tables)

    def _found(self) -> list[str]:
        connection, listener, before = self._copy.connection, self._copy.listener, self._before
        after = read(connection)
        reasons = [*findings(before, after, self._uses), *refused(connection, before, after, self._uses)]
        reasons += taken(connection, after, self._uses)
        for said, tables in (("empties the table", listener.emptied()), ("deletes rows of", listener.deleted())):
            reasons += [f"{said} {table}" for table in self._behind(tables)]
        for table, column in listener.converted:
            used = self._uses.tables.get(table)
            if used is not None and column in used.columns:
                reasons.append(f"writes the values of {table}.{column} anew by an expression (USING)")
        return [*reasons, *listener.by_rows]

    def _behind(self, tables: set[str]) -> Iterator[str]:
        """The tables and views of the release that have rows of *tables*."""
        for table in self._uses.tables:
            full = self._before.named(table)
            if full is None:
                continue
            own = self._before.relations[full]
            parts = {
                part
                for one in own.behind
                if one in self._before.relations
                for part in self._before.relations[one].parts
            }
            if tables & {full, *own.parts, *own.behind, *parts}:
                yield table


@contextmanager
def quietly(connection: Any) -> Iterator[None]:
    """Reach no other database than that of *connection*, and print to standard error."""
    with _alone({connection.alias}), redirect_stdout(sys.stderr):
        yield


@contextmanager
def _alone(aliases: Collection[str]) -> Iterator[None]:
    from django.db import connections

    others: list[Any] = [one for one in connections.all() if one.alias not in aliases]
    connects = [(one, one.connect) for one in others]
    for one in others:
        one.close()
        one.connect = _refuse(f"connects to the database {one.alias}")
    _guard.add()
    _guard.watching = True
    try:
        yield
    finally:
        _guard.watching = False
        for one, connect in connects:
            one.connect = connect


@contextmanager
def _harmless(copy: Copy, copies: Collection[str]) -> Iterator[list[str]]:
    """Run RunPython so that it changes nothing but the copy; yields what there is to say about each."""
    from django.db.migrations import operations

    RunPython: Any = operations.RunPython
    notes: list[str] = []
    original = RunPython.database_forwards

    def forwards(operation: Any, app: str, editor: Any, before: Any, after: Any) -> None:
        from django.db import transaction

        name = getattr(operation.code, "__qualname__", repr(operation.code))
        if operation.code is not RunPython.noop:
            notes.append(f"RunPython({name}): what it does to rows is not judged")
        copy.listener.on_data, copy.listener.asked = True, False
        try:
            with transaction.atomic(using=editor.connection.alias) if editor.atomic_migration else _nothing():
                original(operation, app, editor, before, after)
        except Exception as error:
            notes.append(f"it could not be tried on a copy: RunPython({name}): {type(error).__name__}: {_line(error)}")
        else:
            copy.listener.forget_deletes()
            if copy.listener.asked and may_change_schema(operation.code):
                notes.append(
                    f"it could not be tried on a copy: RunPython({name}) may change the schema as rows tell it"
                )
        finally:
            copy.listener.on_data = False

    RunPython.database_forwards = forwards
    try:
        with _alone(copies):
            yield notes
    finally:
        RunPython.database_forwards = original


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _refuse(what: str) -> Callable[[], None]:
    def refused() -> None:
        raise NotTried(f"it {what}, which is no copy")

    return refused


class _Guard:
    """Refuses what a program would change outside of the copy, by Python's audit events."""

    def __init__(self) -> None:
        self.watching = self._added = False

    def add(self) -> None:
        if not self._added:
            sys.addaudithook(self._hear)
            self._added = True

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.watching:
            return
        if event in _OUTWARD:
            raise NotTried(f"it does {event}, which changes something outside of the copy")
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            writes = isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes and os.fsdecode(arguments[0]) != os.devnull:
                raise NotTried(f"it writes the file {os.fsdecode(arguments[0])}")


_OUTWARD = frozenset(
    "socket.connect socket.sendto subprocess.Popen os.system os.posix_spawn os.exec os.spawn os.fork os.remove "
    "os.rename os.rmdir os.mkdir os.truncate os.link os.symlink shutil.rmtree smtplib.connect".split()
)
_guard = _Guard()


def _line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
