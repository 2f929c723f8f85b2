"""The tables and columns that a release's models rely on. Sent from the serving release to the next one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["UsedTable", "UsedColumn", "Uses", "uses"]


@dataclass(frozen=True)
class UsedColumn:
    """A column that models name. *null*: they may leave it empty. *default*: they let the database fill it.
    *generated*: they never write it.
    """

    null: bool = False
    default: bool = False
    generated: bool = False


@dataclass(frozen=True)
class UsedTable:
    """A table as models see it. *unique* are the sets of columns whose values the models expect to be unique."""

    columns: dict[str, UsedColumn] = field(default_factory=dict)
    unique: frozenset[frozenset[str]] = frozenset()


@dataclass(frozen=True)
class Uses:
    """The tables of a release's models in one database, by Django's name of the table."""

    tables: dict[str, UsedTable]

    def as_json(self) -> dict[str, Any]:
        return {
            name: {
                "columns": {column: asdict(used) for column, used in table.columns.items()},
                "unique": sorted(sorted(one) for one in table.unique),
            }
            for name, table in self.tables.items()
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Uses:
        return cls(
            {
                name: UsedTable(
                    {column: UsedColumn(**used) for column, used in table["columns"].items()},
                    frozenset(frozenset(one) for one in table["unique"]),
                )
                for name, table in value.items()
            }
        )


def uses(models: Iterable[Any], connection: Any) -> Uses:
    """The tables and columns that *models*, with the tables between them, use in the database of *connection*."""
    from django.db import router

    found: dict[str, UsedTable] = {}
    for model in models:
        options = model._meta
        if options.proxy or options.swapped or options.abstract:
            continue
        here = router.db_for_read(model), router.db_for_write(model)
        if connection.alias not in here and not router.allow_migrate_model(connection.alias, model):
            continue
        table = _table(options, connection)
        known = found.get(options.db_table)
        found[options.db_table] = _both(known, table) if known else table
    return Uses(found)


def _table(options: Any, connection: Any) -> UsedTable:
    columns, unique = {}, set()
    for one in options.local_concrete_fields:
        if one.db_type(connection) is None:
            continue
        counted = "AutoField" in one.get_internal_type()
        generated = bool(getattr(one, "generated", False))
        has_default = getattr(one, "has_db_default", None)
        columns[one.column] = UsedColumn(
            null=one.null, default=counted or bool(has_default and has_default()), generated=generated
        )
        if one.unique:
            unique.add(frozenset({one.column}))

    def named(fields: Iterable[str]) -> frozenset[str]:
        return frozenset(options.get_field(name).column for name in fields)

    for names in options.unique_together:
        unique.add(named(names))
    for constraint in getattr(options, "total_unique_constraints", ()):
        unique.add(named(constraint.fields))
    return UsedTable(columns, frozenset(unique))


def _both(one: UsedTable, other: UsedTable) -> UsedTable:
    """Two models of one table: what either relies on."""
    columns = dict(one.columns)
    for name, used in other.columns.items():
        known = columns.get(name)
        columns[name] = used if known is None else UsedColumn(*_either(known, used))
    return UsedTable(columns, one.unique | other.unique)


def _either(known: UsedColumn, used: UsedColumn) -> tuple[bool, bool, bool]:
    return known.null or used.null, known.default or used.default, known.generated and used.generated
