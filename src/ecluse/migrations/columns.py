"""Whether a release can live with what becomes of a column."""

from __future__ import annotations

from collections.abc import Iterator

from .expressions import may_fail, normal
from .schema import Column, Relation, Sequence
from .uses import UsedColumn
from .widening import holds

__all__ = ["added", "changed", "follow", "renumbered"]

_FEW = 100_000
"""A sequence that has fewer numbers left soon ends."""


def follow(name: str, old: Relation, new: Relation) -> str | None:
    """The name that the column *name* has now; None where it is gone, or another one has its name."""
    was, becomes = old.columns[name], new.columns.get(name)
    if becomes is not None and was.place == becomes.place:
        return name
    if was.place is None:
        return None
    return next((other for other, one in new.columns.items() if one.place == was.place), None)


def changed(table: str, name: str, old: Relation, new: Relation, used: UsedColumn) -> Iterator[str]:
    """Why a release that *used* the column *name* of *old* could not live with it as it is in *new*."""
    was, becomes = old.columns[name], new.columns.get(name)
    if becomes is None:
        now = follow(name, old, new)
        goes = "drops" if was.place is not None else "drops or renames"
        yield f"renames the column {table}.{name} to {now}" if now else f"{goes} the column {table}.{name}"
    elif old.oid == new.oid and was.place != becomes.place:
        yield f"drops the column {table}.{name} and makes another of that name"
    else:
        yield from _differs(table, name, was, becomes, used)


def _differs(table: str, name: str, was: Column, becomes: Column, used: UsedColumn) -> Iterator[str]:
    at = f"{table}.{name}"
    if not holds(was.type, becomes.type) and not (was.labels and becomes.type in ("text", "character varying")):
        yield f"changes the type of {at} from {was.type} to {becomes.type}"
    if becomes.not_null and not was.not_null and used.null:
        yield f"makes {at} not null: the serving release may leave it empty"
    missing = [label for label in was.labels if label not in becomes.labels]
    if missing and becomes.labels:
        yield f"takes {', '.join(missing)} out of the values of {at}"
    if becomes.checks - was.checks:
        yield f"lets the type of {at} refuse values that it took"
    if was.same != becomes.same:
        yield f"changes which values of {at} count as equal"
    if was.rights - becomes.rights:
        yield f"takes rights on {at} away from the role of the site"
    yield from _filled(at, was, becomes, used)


def _filled(at: str, was: Column, becomes: Column, used: UsedColumn) -> Iterator[str]:
    """The source of the column's values where the release writes none."""
    if becomes.generated is not None and was.generated is None and not used.generated:
        yield f"lets the database compute {at}: the serving release writes it"
    elif becomes.identity == "a" and was.identity != "a":
        yield f"makes {at} generated always: the database refuses a value that the serving release gives"
    if was.generated is not None:
        if becomes.generated is None:
            yield f"no longer computes {at}: the serving release does not fill it"
        elif becomes.generated != was.generated:
            yield f"computes {at} otherwise"
        return
    if not used.default or not was.fills_itself:
        return
    if not becomes.fills_itself:
        yield f"takes the default of {at} away: the serving release counts on it"
    elif was.sequence is not None and becomes.sequence is not None:
        yield from renumbered(at, was.sequence, becomes.sequence)
    elif was.sequence is not None:
        yield f"no longer numbers {at} by its sequence"
    elif not was.identity and normal(was.default or "") != normal(becomes.default or ""):
        yield f"changes the default of {at}: the serving release counts on {was.default}"


def renumbered(what: str, old: Sequence, new: Sequence) -> Iterator[str]:
    """Why a release could not live with *new* for the sequence *old*, which numbers *what*."""
    if old.oid is not None and new.oid is not None and old.oid != new.oid and not _at_least(old.last, new.last):
        yield f"numbers {what} by another sequence, which may give numbers that are taken"
    elif old.oid == new.oid and old.last is not None and not _at_least(old.last, new.last):
        yield f"sets the sequence of {what} back: it gives numbers that are taken"
    elif new.maximum < old.maximum or new.increment != old.increment:
        yield f"changes the sequence of {what}: it ends earlier, or counts otherwise"
    elif new.last != old.last and new.last is not None and new.maximum - new.last < min(_FEW, new.maximum // 2):
        yield f"sets the sequence of {what} so far that it soon ends"
    elif old.usable and not new.usable:
        yield f"takes the sequence of {what} away from the role of the site"


def _at_least(old: int | None, new: int | None) -> bool:
    return old is None or (new is not None and new >= old)


def added(table: str, name: str, old: Relation, column: Column, new: Relation) -> Iterator[str]:
    """Why a release that does not know the column *name* could not live with it."""
    was = old.columns.get(name)
    if column.not_null and not column.fills_itself:
        if was is None:
            yield f"adds {table}.{name}, not null and without db_default: the serving release does not fill it"
        elif not was.not_null:
            yield f"makes {table}.{name} not null, without db_default: the serving release does not fill it"
        elif was.fills_itself:
            yield f"takes the default of {table}.{name} away, which is not null: the serving release does not fill it"
    if column.generated is not None and (was is None or was.generated != column.generated):
        if may_fail(column.generated, new.columns):
            yield f"computes {table}.{name} by an expression that may fail for what the serving release writes"
    if was is None and column.checks and column.not_null and not column.fills_itself:
        yield f"adds {table}.{name}, whose type refuses null"
