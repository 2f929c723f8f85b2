"""What a release does to its database. Runs in the release's own Python, which has Django and not ecluse: hence one
file.

    python migrations.py preflight [--deploy]        its checks, its pending migrations, and what of them is unsafe
    python migrations.py migrate [--then COMMAND]…   applies them; then those of the site's own commands that it has

*preflight* ends with a line of JSON after MARK. A migration is unsafe where the release that serves while it runs, and
which knows nothing of it, would fail afterwards: Django names every column that it declares in each SELECT, and none
other in an INSERT.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["MARK", "main", "unsafe"]

MARK = "ecluse-preflight:"

# Any constant: the same for every version of ecluse, or two of them would migrate at once.
ADVISORY_LOCK = 0x6563_6C75_7365

# Milliseconds. Waiting for a table's lock, a migration makes everyone behind it wait too: it gives up instead.
LOCK_TIMEOUT = 5_000
STATEMENT_TIMEOUT = 300_000

_DESTROYS = re.compile(
    r"\bDROP\s+(TABLE|COLUMN|VIEW)|\bRENAME\s+(TO|COLUMN)|\bALTER\s+COLUMN\b.*\bTYPE\b|\bSET\s+NOT\s+NULL", re.I
)


def main(arguments: list[str]) -> int:
    """Do what the command line says. Returns the exit code: 1 a check failed, 4 another migration is running."""
    parser = argparse.ArgumentParser(prog="migrations.py")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("preflight").add_argument("--deploy", action="store_true")
    commands.add_parser("migrate").add_argument("--then", action="append", default=[])
    options = parser.parse_args(arguments)

    import django

    django.setup()
    return preflight(options.deploy) if options.command == "preflight" else migrate(options.then)


def preflight(deploy: bool) -> int:
    """Run the checks, then print what is pending."""
    from django.core.management import CommandError, call_command
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    try:
        call_command("check", deploy=deploy, fail_level="WARNING" if deploy else "ERROR", databases=["default"])
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    loader = MigrationLoader(connection)
    conflicts = loader.detect_conflicts()
    if conflicts:
        print(f"conflicting migrations, no order between them: {conflicts}", file=sys.stderr)
        return 1
    print(MARK + json.dumps(_found(loader, connection)))
    return 0


def _found(loader: Any, connection: Any) -> dict[str, Any]:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = [migration for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    pending = []
    made: set[tuple[str, str]] = set()
    for migration in plan:
        state = loader.project_state((migration.app_label, migration.name), at_end=False)
        try:
            sql = "\n".join(loader.collect_sql([(migration, False)]))
        except Exception as error:  # an operation that looks into the database cannot say what it would do
            sql = f"-- cannot be shown: {type(error).__name__}: {error}"
        reasons = list(unsafe(migration.operations, migration.app_label, state, connection, made))
        pending.append({"name": f"{migration.app_label}.{migration.name}", "sql": sql, "unsafe": reasons})
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    known |= {f"{app}.{name}" for migration in loader.disk_migrations.values() for app, name in migration.replaces}
    unknown = sorted({f"{app}.{name}" for app, name in loader.applied_migrations} - known)
    return {"pending": pending, "unknown": unknown}


def unsafe(operations: Any, app: str, state: Any, connection: Any, made: set[tuple[str, str]]) -> Iterator[str]:
    """Why the release that serves could not live with *operations*, which begin at *state*; *state* is moved on.

    *made* are the models that this and earlier pending migrations create: the release that serves does not know them.
    """
    for operation in operations:
        before = state.clone()
        operation.state_forwards(app, state)
        kind = type(operation).__name__
        if kind == "SeparateDatabaseAndState":
            yield from unsafe(operation.database_operations, app, before, connection, made)
            continue
        if kind == "RunSQL":
            if _DESTROYS.search(_text(operation.sql)):
                yield f"{operation.describe()}: it drops, renames or narrows something"
            continue
        if kind == "CreateModel":
            made.add((app, operation.name_lower))
            continue
        if kind == "RenameModel" and (app, operation.old_name_lower) in made:
            made.add((app, operation.new_name_lower))
            continue
        name = getattr(operation, "model_name_lower", getattr(operation, "name_lower", ""))
        if (app, name) in made:
            continue
        reason = _reason(kind, operation, app, before, state, connection)
        if reason:
            yield reason


def _reason(kind: str, operation: Any, app: str, before: Any, after: Any, connection: Any) -> str | None:
    """Why one operation on a table that the serving release uses is unsafe."""
    if kind == "DeleteModel":
        model = before.apps.get_model(app, operation.name)
        return f"drops the table {model._meta.db_table}" if model._meta.managed and not model._meta.proxy else None
    if kind in ("RenameModel", "AlterModelTable"):
        names = (operation.old_name, operation.new_name) if kind == "RenameModel" else (operation.name, operation.name)
        tables = [
            registry.apps.get_model(app, name)._meta.db_table
            for registry, name in zip((before, after), names, strict=True)
        ]
        return f"renames the table {tables[0]} to {tables[1]}" if tables[0] != tables[1] else None
    if kind not in ("RemoveField", "RenameField", "AddField", "AlterField"):
        return None
    model_names = (before, operation.model_name), (after, operation.model_name)
    models = [registry.apps.get_model(app, name) for registry, name in model_names]
    old_name, new_name = (
        (operation.old_name, operation.new_name) if kind == "RenameField" else (operation.name, operation.name)
    )
    old = models[0]._meta.get_field(old_name) if kind != "AddField" else None
    new = models[1]._meta.get_field(new_name) if kind != "RemoveField" else None
    return _change(models[0]._meta.db_table, old, new, connection)


def _change(table: str, old: Any, new: Any, connection: Any) -> str | None:
    """Why going from field *old* to *new* is unsafe; None stands for no field."""
    if new is None:
        return f"drops the column {table}.{old.column}" if _stored(old, connection) else _many_to_many(old)
    if old is None:
        # Django drops the default from the database again after it has filled the column.
        from django.db.models.fields import NOT_PROVIDED

        given = getattr(new, "db_default", NOT_PROVIDED) is not NOT_PROVIDED or getattr(new, "generated", False)
        if _stored(new, connection) and not new.null and not given:
            return f"adds {table}.{new.column}, not null and without db_default: the serving release does not fill it"
        return None
    if not _stored(old, connection) or not _stored(new, connection):
        return f"changes how {table}.{old.name} is stored" if _stored(old, connection) else None
    if old.column != new.column:
        return f"renames the column {table}.{old.column} to {new.column}"
    if old.null and not new.null:
        return f"makes {table}.{new.column} not null: the serving release may leave it empty"
    types = old.db_type(connection), new.db_type(connection)
    return f"changes the type of {table}.{new.column} from {types[0]} to {types[1]}" if _narrows(*types) else None


def _stored(field: Any, connection: Any) -> bool:
    """Whether the field is a column of its model's table."""
    return bool(field.concrete and not field.many_to_many and field.db_type(connection) is not None)


def _many_to_many(field: Any) -> str | None:
    through = getattr(getattr(field, "remote_field", None), "through", None)
    return f"drops the table {through._meta.db_table}" if through is not None and through._meta.auto_created else None


def _narrows(old: str, new: str) -> bool:
    """Whether a type other than a longer one of the same kind, or text, replaces *old*."""
    pattern = re.compile(r"^varchar\((\d+)\)$")
    was, becomes = pattern.match(old), pattern.match(new)
    if was and becomes:
        return int(becomes[1]) < int(was[1])
    widened = {("varchar", "text"), ("smallint", "integer"), ("integer", "bigint")}
    return old != new and (old.partition("(")[0], new) not in widened


def _text(sql: Any) -> str:
    """RunSQL takes a string, or a list of strings and of pairs of a string and its parameters."""
    if isinstance(sql, str):
        return sql
    return "\n".join(part if isinstance(part, str) else str(part[0]) for part in sql)


def migrate(then: list[str]) -> int:
    """Apply the pending migrations, one process at a time, and give up rather than hold everyone up."""
    from django.core.management import call_command, get_commands
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
            if not cursor.fetchone()[0]:
                print("another migration of this database is under way", file=sys.stderr)
                return 4
            # Of the session, like the lock: both end with this process, however it ends.
            cursor.execute(f"SET lock_timeout = {LOCK_TIMEOUT}")
            cursor.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT}")
    call_command("migrate", interactive=False, verbosity=1, no_color=True)
    for command in then:
        if command in get_commands():
            call_command(command)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
