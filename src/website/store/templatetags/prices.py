"""Prices as they are printed."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.translation import get_language

__all__ = ["euros"]

register = template.Library()


@register.filter
def euros(amount: Decimal) -> str:
    """*amount* as the language of the page writes it, without cents where there are none: 24,50\u00a0€, €24.50."""
    number = number_format(amount, 0 if amount == int(amount) else 2)
    return f"€{number}" if (get_language() or "").startswith("en") else f"{number}\u00a0€"
