"""Why a release that knows one schema could not live with another: what it relies on is gone, narrower or stricter."""

from __future__ import annotations

from collections.abc import Iterator

from .columns import added, changed, renumbered
from .keys import constraints, implies, pointing_at
from .schema import Foreign, Relation, Schema
from .uses import UsedColumn, UsedTable, Uses
from .views import same_rows

__all__ = ["findings"]

_HARMLESS = tuple(
    "work_mem maintenance_work_mem temp_buffers effective_ log_ auto_explain enable_ jit random_page_cost "
    "seq_page_cost cpu_ max_parallel parallel_ application_name pg_stat".split()
)
"""Beginnings of settings of which a release notices no more than its speed."""

_RIGHTS = {"s": "SELECT", "i": "INSERT", "u": "UPDATE", "d": "DELETE"}


def findings(before: Schema, after: Schema, uses: Uses) -> list[str]:
    """Each reason why a release that *uses* what it found *before* could not live with what there is *after*."""
    tables = {**_named_by_functions(before, uses), **uses.tables}
    found = [reason for table, used in tables.items() for reason in _table(table, before, after, used)]
    found += pointing_at(tables, before, after)
    return list(dict.fromkeys([*found, *_beside(before, after)]))


def _named_by_functions(schema: Schema, uses: Uses) -> dict[str, UsedTable]:
    """The tables that triggers and defaults may read and write, all their columns: no model has them."""
    known = {schema.named(table) for table in uses.tables}
    return {
        name: UsedTable(
            {
                column: UsedColumn(null=not own.not_null, default=own.fills_itself, generated=own.generated is not None)
                for column, own in schema.relations[full].columns.items()
            }
        )
        for name, full in schema.visible.items()
        if full not in known and name.lower() in schema.words and full in schema.relations
    }


def _table(name: str, before: Schema, after: Schema, used: UsedTable) -> Iterator[str]:
    was, becomes = before.named(name), after.named(name)
    if was is None:  # the release has lived without it
        return
    old = before.relations[was]
    if becomes is None:
        yield _gone(name, old, after)
        return
    new = after.relations[becomes]
    if old.kind != new.kind or (old.kind not in "vm" and old.oid != new.oid):
        yield f"replaces the table {name} by another of that name"
    if old.lasting and not new.lasting:
        yield f"makes {name} unlogged: a crash of the server empties it"
    if old.filled and not new.filled:
        yield f"leaves the view {name} without rows: it cannot be read"
    if old.query is not None and new.query is not None and not same_rows(old.query, new.query):
        yield f"changes the query of the view {name}: whether it gives the same rows is not known"
    yield from _access(name, old, new)
    yield from _columns(name, old, new, used)
    yield from constraints(name, old, new, used, before, after)
    yield from _hooks(name, old, new)
    yield from _parts(name, old, new, before, after)


def _gone(name: str, old: Relation, after: Schema) -> str:
    elsewhere = next(
        (full for full, one in after.relations.items() if old.oid is not None and one.oid == old.oid), None
    )
    if elsewhere is None:
        goes = "drops" if old.oid is not None else "drops or renames"
        return f"{goes} the {'view' if old.kind in 'vm' else 'table'} {name}"
    schema, _, moved = elsewhere.partition(".")
    if after.visible.get(moved) == elsewhere:
        return f"renames the table {name} to {moved}"
    return f"moves the table {name} to the schema {schema}"


def _access(name: str, old: Relation, new: Relation) -> Iterator[str]:
    lost = [word for letter, word in _RIGHTS.items() if letter in old.rights - new.rights]
    if lost:
        yield f"takes {', '.join(lost)} on {name} away from the role of the site"
    if new.filtered and not old.filtered:
        yield f"lets row security decide which rows of {name} the role of the site sees"


def _columns(name: str, old: Relation, new: Relation, used: UsedTable) -> Iterator[str]:
    for column, how in used.columns.items():
        if column in old.columns:
            yield from changed(name, column, old, new, how)
    for column, becomes in new.columns.items():
        if column not in used.columns:
            yield from added(name, column, old, becomes, new)


def _hooks(name: str, old: Relation, new: Relation) -> Iterator[str]:
    for hook, said in new.hooks.items():
        if hook not in old.hooks:
            yield f"adds a {hook} on {name}: whether the serving release can live with it is not known"
        elif old.hooks[hook] != said:
            yield f"changes the {hook} on {name}: whether the serving release can live with it is not known"
    for hook in old.hooks:
        if hook not in new.hooks and not hook.startswith("policy"):
            yield f"drops the {hook} on {name}: whether the serving release relies on it is not known"


def _parts(name: str, old: Relation, new: Relation, before: Schema, after: Schema) -> Iterator[str]:
    now = {part: _moved(part, before, after) for part in old.parts}
    for part, bound in old.parts.items():
        if now[part] not in new.parts:
            yield f"takes the rows of {part} out of {name}"
        elif new.parts[now[part]] != bound:
            yield f"changes which rows of {name} are in {part}"
    was = {full: part for part, full in now.items()}
    for part in new.parts:
        own = after.relations.get(part)
        if own is None or not new.parts[part]:  # a child that is no partition gets no rows of its parent
            continue
        known = before.relations.get(was[part], new) if part in was else new
        checks = {one.definition for one in known.checks.values()} | {one.definition for one in new.checks.values()}
        foreign = {_identity(one) for of in (known, new) for one in of.foreign.values()}
        refuses = [
            column.not_null and not known.columns[at].not_null
            for at, column in own.columns.items()
            if at in known.columns
        ]
        refuses += [one.definition not in checks for one in own.checks.values()]
        refuses += [_identity(one) not in foreign for one in own.foreign.values()]
        refuses += [not any(implies(one, key, known) for one in known.keys.values()) for key in own.keys.values()]
        if any(refuses):
            yield f"adds the part {part} to {name}, which refuses more rows than {name} does"
        if any(hook not in known.hooks for hook in own.hooks):
            yield f"has triggers on {part}, a part of {name}: whether they refuse what is written is not known"


def _moved(full: str, before: Schema, after: Schema) -> str:
    """The name that the relation *full* has now."""
    known = before.relations.get(full)
    if known is None or known.oid is None:
        return full
    return next((now for now, one in after.relations.items() if one.oid == known.oid), full)


def _identity(key: Foreign) -> tuple[object, ...]:
    return key.columns, key.target, key.target_columns


def _beside(before: Schema, after: Schema) -> Iterator[str]:
    """The objects that a release may use without naming a table."""
    for name, schema in before.extensions.items():
        if name not in after.extensions:
            yield f"drops the extension {name}: the serving release may use it"
        elif after.extensions[name] != schema:
            yield f"moves the extension {name} to the schema {after.extensions[name]}: the serving release may use it"
    for name in sorted(before.kinds - after.kinds):
        yield f"drops or renames the {name}: the serving release may use it"
    for name, sequence in before.sequences.items():
        if name.lower() not in before.words:
            continue
        if name not in after.sequences:
            yield f"drops or renames the sequence {name}, which functions of the database name"
        else:
            yield from renumbered(f"the sequence {name}", sequence, after.sequences[name])
    for name, digest in before.functions.items():
        called = name in before.called or _bare(name) in before.words
        if name not in after.functions:
            yield f"drops the function {name}: the serving release may use it"
        elif called and after.functions[name] != digest:
            yield f"changes the function {name}, which defaults, checks, indexes, views or other functions call"
        elif called and name in before.callable - after.callable:
            yield f"takes the function {name}, which the database calls, away from the role of the site"
    changes = sorted(one for one in before.settings ^ after.settings if not one.startswith(_HARMLESS))
    if changes:
        yield f"changes settings of the database or of the site's role: {', '.join(changes)}"


def _bare(function: str) -> str:
    """The name of a function without its schema and arguments."""
    return function.partition("(")[0].rpartition(".")[2].strip('"').lower()
