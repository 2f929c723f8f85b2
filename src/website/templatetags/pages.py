"""The numbers of a list's pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import template
from django.core.paginator import Page

__all__ = ["numbers"]

register = template.Library()


@register.filter
def numbers(page: Page[Any]) -> Iterator[int | str]:
    """The pages around *page*, the first and the last, with an ellipsis for those between."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
