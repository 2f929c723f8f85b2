"""The schema that migrations declare, for where no copy of the real one can be made: read from Django's state."""

from __future__ import annotations

from typing import Any

from .schema import Check, Column, Foreign, Key, Relation, Schema

__all__ = ["declared"]


def declared(state: Any, connection: Any) -> Schema:
    """The tables that *state*, a ProjectState, has in the database of *connection*."""
    from django.db import router

    relations: dict[str, Relation] = {}
    for model in state.apps.get_models(include_auto_created=True):
        options = model._meta
        if options.managed and not options.proxy and not options.swapped:
            if router.allow_migrate_model(connection.alias, model):
                relations[f"public.{options.db_table}"] = _relation(model, connection)
    return Schema(relations=relations, visible={name.partition(".")[2]: name for name in relations})


def _relation(model: Any, connection: Any) -> Relation:
    options = model._meta
    columns: dict[str, Column] = {}
    keys: dict[str, Key] = {}
    checks: dict[str, Check] = {}
    foreign: dict[str, Foreign] = {}
    for field in options.local_concrete_fields:
        parameters = field.db_parameters(connection)
        if parameters["type"] is None:
            continue
        name = field.column
        columns[name] = _column(field, parameters)
        if field.unique:
            keys[f"unique {name}"] = _key((name,))
        if parameters["check"]:
            checks[f"check {name}"] = Check(f"CHECK ({parameters['check']})", frozenset({name}))
        if field.remote_field and getattr(field, "db_constraint", False):
            target = field.target_field
            key = Foreign(
                (name,), f"public.{field.remote_field.model._meta.db_table}", (target.column,), _actions(field)
            )
            foreign[f"foreign key {name}"] = key

    def named(fields: Any) -> tuple[str, ...]:
        return tuple(options.get_field(one).column for one in fields)

    for together in options.unique_together:
        keys[f"unique {','.join(together)}"] = _key(named(together))
    for constraint in options.constraints:
        _constraint(constraint, named, columns, keys, checks)
    computed = {one.name: repr(one.expressions) for one in options.indexes if one.expressions}
    return Relation(columns=columns, keys=keys, checks=checks, foreign=foreign, computed=computed)


def _column(field: Any, parameters: Any) -> Column:
    # Django's own default fills the rows there are, and is then taken out of the database again.
    has_default = getattr(field, "has_db_default", None)
    generated, collation = getattr(field, "generated", False), parameters.get("collation")
    return Column(
        type=f"{parameters['type']} COLLATE {collation}" if collation else parameters["type"],
        not_null=not field.null,
        default=repr(field.db_default) if has_default and has_default() else None,
        identity="d" if "AutoField" in field.get_internal_type() else "",
        generated=repr(field.expression) if generated else None,
    )


def _actions(field: Any) -> str:
    on_delete = getattr(field.remote_field, "on_delete", None)
    done_by_database = str(getattr(on_delete, "operation", ""))  # Django 6.1: DB_CASCADE and its like
    return {"CASCADE": "c", "SET NULL": "n", "SET DEFAULT": "d"}.get(done_by_database, "a") + "a"


def _constraint(constraint: Any, named: Any, columns: Any, keys: Any, checks: Any) -> None:
    from django.db.models import CheckConstraint, UniqueConstraint

    said = repr(constraint).replace(f"name={constraint.name!r}", "")
    if isinstance(constraint, UniqueConstraint):
        plain = named(constraint.fields)
        keys[constraint.name] = Key(
            columns=plain,
            touches=frozenset(plain or columns),
            definition=said,
            whole=bool(plain) and constraint.condition is None,
            nulls_distinct=constraint.nulls_distinct is not False,
            deferrable=constraint.deferrable is not None,
        )
    elif isinstance(constraint, CheckConstraint):
        checks[constraint.name] = Check(said, frozenset(columns))
    else:  # an exclusion constraint, or a kind that Django does not have
        keys[constraint.name] = Key((), frozenset(columns), said, whole=False, exclusion=True)


def _key(columns: tuple[str, ...]) -> Key:
    return Key(columns, frozenset(columns), ",".join(sorted(columns)))
