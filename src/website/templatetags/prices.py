"""Prices as they are printed."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.translation import get_language

__all__ = ["money"]

register = template.Library()

SIGNS = {"EUR": "€", "GBP": "£"}


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """*amount* as the language of the page writes it, without cents where there are none: 24,50\u00a0€, €24.50.

    The client of motos writes the same (its i18n.ts).
    """
    number = number_format(amount, 0 if amount == int(amount) else 2, force_grouping=True)
    sign = SIGNS.get(currency, currency)
    if (get_language() or "").startswith("en"):
        return f"{sign}{number}" if currency in SIGNS else f"{sign}\u00a0{number}"
    return f"{number}\u00a0{sign}"
