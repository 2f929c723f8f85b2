"""Times as people say them."""

from __future__ import annotations

__all__ = ["ago"]


def ago(seconds: float) -> str:
    """The time *seconds* before now: ``3 hours ago``."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {word}{'s' if number > 1 else ''} ago"
    return "just now"
