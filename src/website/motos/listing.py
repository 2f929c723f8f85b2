"""The questions that the list of motorcycles answers: filters, text, order, and place."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from website.api.pagination import Page, page
from website.api.queries import Query
from website.motos.models import (
    FIRST_YEAR,
    HIGHEST_PRICE,
    LAST_YEAR,
    Currency,
    Model,
    Motorcycle,
    MotorcycleQuerySet,
    Status,
)

__all__ = ["ListQuery", "count", "motorcycles"]

# Beyond this number a count costs more than anybody learns from it.
MOST_COUNTED = 1000

ORDERINGS = {
    "-created_at": "newest first",
    "created_at": "oldest first",
    "price_cents": "cheapest first",
    "-price_cents": "dearest first",
    "-year": "latest year first",
    "year": "earliest year first",
    "mileage_km": "least ridden first",
    "-mileage_km": "most ridden first",
}


class ListQuery(Query):
    """The query parameters of the list."""

    brand = serializers.ListField(
        child=serializers.SlugField(max_length=100),
        max_length=20,
        required=False,
        help_text="slugs of brands: any of them",
    )
    status = serializers.ListField(
        child=serializers.ChoiceField(choices=Status.choices), max_length=3, required=False, help_text="any of them"
    )
    currency = serializers.ChoiceField(choices=Currency.choices, required=False)
    price_min = serializers.IntegerField(min_value=0, max_value=HIGHEST_PRICE, required=False, help_text="in cents")
    price_max = serializers.IntegerField(min_value=0, max_value=HIGHEST_PRICE, required=False, help_text="in cents")
    year_min = serializers.IntegerField(min_value=FIRST_YEAR, max_value=LAST_YEAR, required=False)
    year_max = serializers.IntegerField(min_value=FIRST_YEAR, max_value=LAST_YEAR, required=False)
    text = serializers.CharField(
        max_length=100,
        required=False,
        trim_whitespace=False,
        validators=[RegexValidator(r"^[^\x00]+$")],
        help_text="words, each of which stands in brand, model, colour or description; "
        "one shorter than three letters begins a word there",
    )
    ordering = serializers.ChoiceField(choices=list(ORDERINGS.items()), default="-created_at")
    cursor = serializers.RegexField(
        r"^[A-Za-z0-9_-]+$",
        max_length=200,
        required=False,
        trim_whitespace=False,
        help_text="`next` or `previous` of another part",
    )
    page_size = serializers.IntegerField(min_value=1, max_value=100, default=24)


def motorcycles(query: dict[str, Any]) -> Page[Motorcycle]:
    """The part of the list that *query*, as ListQuery reads it, asks for."""
    found = _matching(query).for_display()
    return page(found, ordering=query["ordering"], size=query["page_size"], cursor=query.get("cursor", ""))


def count(query: dict[str, Any]) -> int | None:
    """The number of motorcycles in all parts of the list; None of more than MOST_COUNTED."""
    found = _matching(query).order_by()[: MOST_COUNTED + 1].count()
    return found if found <= MOST_COUNTED else None


def _matching(query: dict[str, Any]) -> MotorcycleQuerySet:
    found = Motorcycle.objects.all()
    if "brand" in query:
        # The keys, not a join: the planner then knows how many there are of each, and looks for the text once.
        models = Model.objects.filter(brand__slug__in=query["brand"]).order_by()
        found = found.filter(model__in=list(models.values_list("pk", flat=True)))
    if "status" in query:
        found = found.filter(status__in=query["status"])
    if "currency" in query:
        found = found.filter(currency=query["currency"])
    for name, field in (("price", "price_cents"), ("year", "year")):
        for bound, comparison in (("min", "gte"), ("max", "lte")):
            if f"{name}_{bound}" in query:
                found = found.filter(**{f"{field}__{comparison}": query[f"{name}_{bound}"]})
    if "text" in query:
        found = found.matching(query["text"])
    return found
