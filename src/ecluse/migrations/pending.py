"""The pending migrations of a database, judged by rule: for where no copy can be made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .compare import findings
from .declared import declared
from .rehearse import Rehearsed
from .schema import Schema
from .uses import Uses

__all__ = ["by_rule", "does_nothing", "plan", "sql", "steps", "unknown"]


def plan(connection: Any) -> tuple[Any, list[Any]]:
    """A loader of the database of *connection*, and the migrations that it does not have yet, in their order."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    return executor.loader, [migration for migration, _backwards in executor.migration_plan(leaves)]


def sql(loader: Any, migration: Any) -> str:
    """The SQL of *migration*, as far as it can be told before."""
    try:
        return "\n".join(loader.collect_sql([(migration, False)]))
    except Exception as error:  # an operation that looks into the database cannot say what it would do
        return f"-- cannot be shown: {type(error).__name__}: {error}"


def unknown(connection: Any) -> frozenset[str]:
    """The applied migrations that the release does not have."""
    loader, _pending = plan(connection)
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    known |= {f"{app}.{name}" for migration in loader.disk_migrations.values() for app, name in migration.replaces}
    return frozenset(f"{app}.{name}" for app, name in loader.applied_migrations) - known


def by_rule(connection: Any, uses: Uses) -> Iterator[Rehearsed]:
    """Each pending migration, judged by what its operations declare; whatever declares nothing is unsafe."""
    loader, pending = plan(connection)
    before: Schema | None = None
    said: set[str] = set()
    for migration in pending:
        state = loader.project_state((migration.app_label, migration.name), at_end=False)
        before = before or declared(state, connection)
        # What the database has may be other than what the models say: SeparateDatabaseAndState.
        reasons: list[str] = []
        for step in steps(migration.operations, migration.app_label, state, state.clone()):
            found = [step] if isinstance(step, str) else findings(before, declared(step, connection), uses)
            reasons += [one for one in found if one not in said]
            said |= set(found)
        yield Rehearsed(f"{migration.app_label}.{migration.name}", tuple(reasons))


def steps(operations: Any, app: str, state: Any, database: Any) -> Iterator[Any]:
    """Move *state* on, and *database* by what is done to the database: yielded after each operation that changes it, or
    what is not known of the operation.
    """
    from django.db.migrations import operations as known

    for operation in operations:
        if isinstance(operation, known.SeparateDatabaseAndState):
            for one in operation.state_operations:
                one.state_forwards(app, state)
            yield from steps(operation.database_operations, app, database.clone(), database)
            continue
        operation.state_forwards(app, state)
        if _declares(operation):
            operation.state_forwards(app, database)
            yield database
        elif not does_nothing(operation):
            yield f"{operation.describe()}: what it does is not known without a copy to try it on"


def _declares(operation: Any) -> bool:
    """Whether what the operation does to the database is what Django's own operation of that kind does."""
    from django.contrib.postgres import operations as postgres
    from django.db.migrations import operations as known

    opaque = (known.RunSQL, known.RunPython)
    own = [getattr(known, name) for name in known.__all__]
    own += [postgres.AddIndexConcurrently, postgres.RemoveIndexConcurrently, postgres.ValidateConstraint]
    own += [postgres.AddConstraintNotValid, postgres.CreateExtension, postgres.CreateCollation]
    kind = next((one for one in own if isinstance(operation, one) and not isinstance(operation, opaque)), None)
    if kind is None:
        return False
    return all(_is_djangos(operation, name) for name in ("database_forwards", "state_forwards"))


def _is_djangos(operation: Any, name: str) -> bool:
    """Whether the operation's method is one of Django's own."""
    definer = next(one for one in type(operation).__mro__ if name in vars(one))
    return definer.__module__.startswith(("django.db.migrations.", "django.contrib.postgres."))


def does_nothing(operation: Any) -> bool:
    """Whether the operation is one of the opaque kinds, with nothing in it."""
    from django.db.migrations import RunPython, RunSQL

    if isinstance(operation, RunPython):
        return operation.code is RunPython.noop
    return isinstance(operation, RunSQL) and not operation.sql
