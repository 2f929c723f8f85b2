"""Whether a release can live with a database that has moved past it: its own migrations are run from nothing, and what
they make is compared with what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .compare import findings
from .copies import emptied
from .pg_catalog import read
from .rehearse import quietly
from .schema import Relation, Schema, anonymous
from .uses import Uses

__all__ = ["behind"]


def behind(connections: Iterable[Any], uses: Mapping[str, Uses], server: str | None) -> list[str] | None:
    """Why the release, which *uses* these databases, could not live with them; None where that cannot be told."""
    found: list[str] = []
    for connection in connections:
        if connection.vendor != "postgresql":
            return None
        there = read(connection)
        try:
            made = _made(connection, server)
        except Exception:  # whatever its migrations raise without rows, or no database to run them in
            return None
        found += findings(_comparable(made), _comparable(there), uses[connection.alias])
    return found


def _made(connection: Any, server: str | None) -> Schema:
    """The schema that the release's own migrations, as far as applied, make of an empty database."""
    from django.db.migrations.executor import MigrationExecutor

    applied = MigrationExecutor(connection).loader.applied_migrations
    with emptied(connection, server), quietly(connection):
        executor: Any = MigrationExecutor(connection)
        graph = executor.loader.graph
        plan = executor.migration_plan(graph.leaf_nodes())
        state = executor._create_project_state(with_applied_migrations=True)
        for migration, _backwards in plan:
            key = (migration.app_label, migration.name)
            if key in applied or (migration.replaces and all(one in applied for one in migration.replaces)):
                state = executor.apply_migration(state, migration)
        return read(connection)


def _comparable(schema: Schema) -> Schema:
    """*schema* without what another database, and another role, has otherwise."""

    def relation(one: Relation) -> Relation:
        columns = {name: replace(own, rights=frozenset()) for name, own in one.columns.items()}
        return replace(one, columns=columns, rights=frozenset(), filtered=False)

    plain = anonymous(schema)
    return replace(
        plain, settings=frozenset(), relations={name: relation(one) for name, one in plain.relations.items()}
    )
