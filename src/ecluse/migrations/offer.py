"""The offer of a release to its visitors: its pages and its static files; and what of another release's it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

__all__ = ["Offer", "lost", "offer"]

MOST = 5
"""Places that a sentence names."""


@dataclass(frozen=True)
class Offer:
    """The *pages*, as routes without the names of their arguments, and the *folders* that have static files."""

    pages: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, list[str]]:
        return {"pages": sorted(self.pages), "folders": sorted(self.folders)}

    @classmethod
    def from_json(cls, value: dict[str, list[str]]) -> Offer:
        """The value that :meth:`as_json` gave."""
        return cls(frozenset(value["pages"]), frozenset(value["folders"]))


def offer() -> Offer | None:
    """The offer of this release; None where Django cannot list it, which no rollout should fail for."""
    try:
        return Offer(frozenset(_pages()), frozenset(_folders()))
    except Exception:
        return None


def lost(before: Offer | None, now: Offer | None) -> list[str]:
    """A sentence for each kind of thing that *before* offers and *now* does not."""
    if before is None or now is None:
        return []
    kinds = (("pages", before.pages, now.pages), ("static files in", before.folders, now.folders))
    return [f"it lacks {kind} {_list(gone)}" for kind, old, new in kinds if (gone := _gone(old, new))]


def _gone(before: Set[str], now: Set[str]) -> list[str]:
    """The paths that *now* lacks; a folder of which nothing is left stands for all that was in it."""
    left = {folder for path in now for folder in _folders_above(path)} | now
    return sorted({next((one for one in _folders_above(path) if one not in left), path) for path in before - now})


def _folders_above(path: str) -> Iterator[str]:
    """The folders that *path* is in, the outermost first."""
    for place, character in enumerate(path[:-1], 1):
        if character == "/":
            yield path[:place]


def _list(gone: list[str]) -> str:
    named = ", ".join(f"/{path}" for path in gone[:MOST])
    return f"{named} and {len(gone) - MOST} more" if len(gone) > MOST else named


def _pages() -> Iterator[str]:
    from django.conf import settings
    from django.urls import get_resolver

    if getattr(settings, "ROOT_URLCONF", None):
        yield from _routes(get_resolver().url_patterns, "")


def _routes(patterns: Any, before: str) -> Iterator[str]:
    for pattern in patterns:
        route = before + _shape(str(pattern.pattern))
        inner = getattr(pattern, "url_patterns", None)
        if inner is None:
            yield route
        else:
            yield from _routes(inner, route)


def _shape(route: str) -> str:
    """*route* without what visitors do not see: the names of arguments, and the ends of a regular expression."""
    plain = re.sub(r"\(\?P<\w+>", "(", route).removeprefix("^").removesuffix("$").removesuffix("\\Z")
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: f"<{found[1] or 'str'}>", plain)


def _folders() -> Iterator[str]:
    from django.apps import apps

    if not apps.is_installed("django.contrib.staticfiles"):
        return
    from django.contrib.staticfiles.finders import get_finders

    for finder in get_finders():
        for path, storage in finder.list([]):
            prefix = getattr(storage, "prefix", None)
            folder = f"{prefix}/{path}" if prefix else path
            yield folder.rpartition("/")[0] + "/"
