"""The migrations of this code that are not applied to the database."""

from __future__ import annotations

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

__all__ = ["unapplied"]

Key = tuple[str, str]


def unapplied() -> list[str]:
    """The migrations that the database misses, as ``app.name``, sorted. Raises what a database that is away raises.

    What the code has is read once per process, what the database has each time: a right answer for two short queries.
    """
    applied = set(MigrationRecorder(connection).applied_migrations())
    return sorted(
        f"{app}.{name}"
        for (app, name), replaces in _on_disk().items()
        # `migrate` takes a squashed migration for applied when all that it replaces are.
        if (app, name) not in applied and not (replaces and applied.issuperset(replaces))
    )


@cache
def _on_disk() -> dict[Key, list[Key]]:
    loader = MigrationLoader(None)
    return {key: [(app, name) for app, name in loader.disk_migrations[key].replaces] for key in loader.graph.nodes}
