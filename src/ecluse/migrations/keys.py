"""Whether a release can live with what becomes of a table's uniqueness, checks and foreign keys."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from .columns import follow
from .expressions import makes_unique, may_fail
from .schema import Foreign, Key, Relation, Schema
from .uses import UsedTable

__all__ = ["constraints", "implies", "pointing_at"]


def constraints(
    name: str, old: Relation, new: Relation, used: UsedTable, before: Schema, after: Schema
) -> Iterator[str]:
    """Why a release that *used* the table *name* could not live with its constraints."""
    # A constraint follows its columns: where one is renamed or replaced, that has been said.
    moved = {column for column in old.columns if follow(column, old, new) != column} if old.oid == new.oid else set()
    yield from _unique(name, old, new, used, moved)
    yield from _checks(name, old, new, used, moved)
    yield from _foreign(name, old, new, used, moved, before, after)
    for index, said in new.computed.items():
        if old.computed.get(index) != said and may_fail(said, new.columns):
            yield f"adds the index {index} on an expression that may fail for what the serving release writes to {name}"


def _unique(name: str, old: Relation, new: Relation, used: UsedTable, moved: set[str]) -> Iterator[str]:
    for at, key in new.keys.items():
        if any(implies(known, key, old) for known in old.keys.values()):
            continue
        if at in old.keys and old.keys[at].touches & moved:
            continue
        if not _never_met(key, new, used):
            kind = "an exclusion constraint" if key.exclusion else "a unique constraint"
            yield f"adds {kind} {at} on {name}({', '.join(key.columns) or key.definition})"
    for columns in used.unique:
        if columns & moved or not columns <= set(new.columns):
            continue
        said = ", ".join(sorted(columns))
        if _kept(old, columns) and not _kept(new, columns):
            yield f"no longer keeps {name}({said}) unique: the serving release counts on it"
        elif _at_once(old, columns) and not _at_once(new, columns):
            yield f"no longer keeps {name}({said}) unique at once: ON CONFLICT of the serving release fails"


def implies(known: Key, key: Key, relation: Relation) -> bool:
    """Whether what *known* lets pass, *key* lets pass as well."""
    if (known.deferrable and not key.deferrable) or (known.deferred and not key.deferred):
        return False
    if known.definition == key.definition and known.nulls_distinct == key.nulls_distinct:
        return True
    if not known.whole or not known.columns or key.exclusion or key.loose or not set(known.columns) <= set(key.columns):
        return False
    nullable = any(not relation.columns[one].not_null for one in known.columns if one in relation.columns)
    return key.nulls_distinct or not known.nulls_distinct or not nullable


def _never_met(key: Key, new: Relation, used: UsedTable) -> bool:
    """Whether rows that the release writes never meet *key*: it leaves a column of it empty, or the database gives
    each another value.
    """
    for name in key.touches:
        column = new.columns.get(name)
        if column is None or name in used.columns:
            continue
        empty = not column.not_null and not column.fills_itself
        if empty and key.predicate == f"({name} IS NOT NULL)":
            return True
        if name not in key.columns:
            continue
        if column.identity or (makes_unique(column.default) and key.whole):
            return True
        if empty and key.nulls_distinct and (key.whole or key.exclusion):
            return True
    return False


def _kept(relation: Relation, columns: frozenset[str]) -> bool:
    return any(one.whole and one.columns and set(one.columns) <= columns for one in relation.keys.values())


def _at_once(relation: Relation, columns: frozenset[str]) -> bool:
    """Whether a key of just these *columns* can be named by ON CONFLICT, which no deferrable key can."""
    return any(one.whole and not one.deferrable and set(one.columns) == columns for one in relation.keys.values())


def _checks(name: str, old: Relation, new: Relation, used: UsedTable, moved: set[str]) -> Iterator[str]:
    known = {one.definition for one in old.checks.values()}
    for at, check in new.checks.items():
        if check.definition in known:
            continue
        if check.columns and not check.columns & set(used.columns):
            continue  # whether rows without these columns pass is seen on the copy
        if at in old.checks and old.checks[at].columns & moved:
            continue
        filled = next(iter(check.columns)) if len(check.columns) == 1 else None
        if filled and not used.columns[filled].null and check.definition == f"CHECK ({filled} IS NOT NULL)":
            continue  # the first step of making a column not null without holding anybody up
        yield f"adds a check {at} to {name}: {check.definition}"


def _foreign(
    name: str, old: Relation, new: Relation, used: UsedTable, moved: set[str], before: Schema, after: Schema
) -> Iterator[str]:
    def target(key: Foreign, schema: Schema) -> object:
        relation = schema.relations.get(key.target)
        return key.target if relation is None or relation.oid is None else relation.oid

    def identity(key: Foreign, schema: Schema) -> tuple[object, ...]:
        return key.columns, target(key, schema), key.target_columns

    known = {identity(one, before): one for one in old.foreign.values()}
    for at, key in new.foreign.items():
        if not set(key.columns) & set(used.columns):
            continue
        was = known.get(identity(key, after))
        if was is None:
            if not (at in old.foreign and set(old.foreign[at].columns) & moved):
                yield f"adds a foreign key {at} from {name}({', '.join(key.columns)}) to {key.target}"
        elif (was.deferrable and not key.deferrable) or (was.deferred and not key.deferred):
            yield f"checks the foreign key {at} of {name} at once: the serving release may write in another order"
        elif was.actions != key.actions:
            yield f"changes what the foreign key {at} of {name} does when its target goes"
    left = {identity(one, after)[0] for one in new.foreign.values()}
    for at, key in old.foreign.items():
        if key.columns not in left and key.actions[0] in "cnd" and not set(key.columns) & moved:
            yield f"drops the foreign key {at} of {name}, by which the database deletes or empties rows"


def pointing_at(tables: Collection[str], before: Schema, after: Schema) -> Iterator[str]:
    """Why a release could not delete rows of *tables*: a table that was there, with rows, now refers to them."""
    full = {after.named(name): name for name in tables if after.named(name)}
    earlier = {one.oid: one for one in before.relations.values() if one.oid is not None}
    for where, relation in after.relations.items():
        was = earlier.get(relation.oid) if relation.oid is not None else None
        if where in full or was is None:
            continue
        known = {(key.columns, key.target) for key in was.foreign.values()}
        for at, key in relation.foreign.items():
            refuses = key.target in full and key.actions[0] in "ar" and set(key.columns) <= set(was.columns)
            if refuses and (key.columns, key.target) not in known:
                yield f"adds a foreign key {at} from {where} to {full[key.target]}: its rows can no longer be deleted"
