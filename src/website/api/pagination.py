"""Pages by key: "what follows this row", not "skip so many".

REST framework's CursorPagination orders by one field and counts rows of the same value, up to a thousand: of a year
there may be more. Here a place is the value and the key, and the thousandth page costs what the first does.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from website.api.exceptions import NoSuchPage

__all__ = ["Cursor", "Page", "page"]

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Cursor:
    """The rows after, or before, the one with this *value* in the field that orders, and this *key*."""

    ordering: str
    direction: Literal["after", "before"]
    value: str
    key: int | str

    def __str__(self) -> str:
        parts = [self.ordering, self.direction, self.value, self.key]
        return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).rstrip(b"=").decode()

    @classmethod
    def parse(cls, text: str, ordering: str) -> Cursor:
        """The cursor that *text* is. Raises NoSuchPage where it is none, or one of another ordering."""
        try:
            # A ValueError, each of them: not ASCII, not base 64, not UTF-8, not JSON.
            match json.loads(base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))):
                case [str(was), "after" | "before" as direction, str(value), int(key) | str(key)] if was == ordering:
                    return cls(ordering, direction, value, key)
        except (ValueError, RecursionError):
            pass
        raise _refusal()


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some *rows*, and the cursors of the pages around them, None where there is none."""

    rows: list[M]
    next: Cursor | None
    previous: Cursor | None

    def as_data(self) -> dict[str, Any]:
        """The part of a list as its serializer takes it."""
        return {
            "next": self.next and str(self.next),
            "previous": self.previous and str(self.previous),
            "results": self.rows,
        }


def page(rows: QuerySet[M], *, ordering: str, size: int, cursor: str = "") -> Page[M]:
    """The *size* rows at *cursor* (else the first) in order of the field *ordering* (``-`` before it: downwards).

    Rows of the same value are in the order of their keys. Raises NoSuchPage for a cursor that is not of such a list.
    """
    place = Cursor.parse(cursor, ordering) if cursor else None
    backwards = place is not None and place.direction == "before"
    field = ordering.removeprefix("-")
    downwards = ordering.startswith("-") != backwards
    if place is not None:
        rows = rows.filter(_beyond(rows.model, field, place, "lt" if downwards else "gt"))
    sign = "-" if downwards else ""
    # One more than asked for tells whether there are more.
    found = list(rows.order_by(f"{sign}{field}", f"{sign}pk")[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()

    def at(row: M, direction: Literal["after", "before"]) -> Cursor:
        value = row._meta.get_field(field).value_to_string(row)  # type: ignore[union-attr]  # a relation orders nothing
        return Cursor(ordering, direction, value, row.pk if isinstance(row.pk, int) else str(row.pk))

    return Page(
        found,
        next=at(found[-1], "after") if found and (more or backwards) else None,
        previous=at(found[0], "before") if found and (more if backwards else place is not None) else None,
    )


def _beyond(model: type[Model], field: str, place: Cursor, comparison: str) -> Q:
    try:
        value: Any = model._meta.get_field(field).to_python(place.value)  # type: ignore[union-attr]
        key: Any = model._meta.pk.to_python(place.key)
    except ValidationError:
        raise _refusal() from None
    # The first condition follows from the second: it is what an index is entered with.
    return Q(**{f"{field}__{comparison}e": value}) & (
        Q(**{f"{field}__{comparison}": value}) | Q(**{field: value, f"pk__{comparison}": key})
    )


def _refusal() -> NoSuchPage:
    return NoSuchPage({"cursor": [_("Ce n’est pas un curseur de cette liste et de cet ordre.")]}, code="cursor")
