"""Record sleeves: the album's picture where it has one, else a drawing that follows from its reference."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from website.store.models import Album

__all__ = ["cover"]

register = template.Library()

# Ground, water, light, accent: colours of a canal through the day.
PALETTES = (
    ("#0f3540", "#2a93a3", "#f6ead2", "#f4b860"),
    ("#f2e3c6", "#c8502d", "#0f3540", "#e9a23b"),
    ("#24324f", "#5b84b1", "#f3f0e8", "#e8735a"),
    ("#dfe8dc", "#3d7a63", "#17352c", "#e0b23e"),
    ("#3a2337", "#a5466a", "#f7dfd0", "#f0a35c"),
    ("#e9dfd3", "#7b6a9c", "#2f2747", "#d96c4f"),
    ("#123c33", "#4aa27f", "#eef3dd", "#f2d16b"),
    ("#f4d9cf", "#2f6f86", "#1d2f3a", "#c7402f"),
)


@register.simple_tag
def cover(album: Album, large: bool = False) -> SafeString:
    """The sleeve of *album* as an element: *large*, or as lists show it. Decoration: its title stands beside it."""
    if album.picture:
        # An album of before there were thumbnails has none.
        picture = album.picture if large or not album.thumbnail else album.thumbnail
        return format_html('<img class="cover" src="{}" alt="" loading="lazy">', picture.url)
    digits = _digits(album.reference)
    palette = PALETTES[next(digits) % len(PALETTES)]
    motif = MOTIFS[next(digits) % len(MOTIFS)]
    # Made of numbers and the colours above alone. Presentation attributes, no style: the policy allows no inline one.
    return mark_safe(
        '<svg class="cover" viewBox="0 0 100 100" aria-hidden="true" focusable="false">'
        f'<path fill="{palette[0]}" d="M0 0h100v100H0z"/>{"".join(motif(digits, palette[1:]))}</svg>'
    )


def _digits(seed: str) -> Iterator[int]:
    """Numbers from 0 to 255 that follow from *seed*, without end."""
    while True:
        digest = hashlib.sha256(seed.encode()).digest()
        yield from digest
        seed = digest.hex()


Colours = tuple[str, ...]
Motif = Callable[[Iterator[int], Colours], Iterator[str]]


def _waves(digits: Iterator[int], colours: Colours) -> Iterator[str]:
    yield _disc(20 + next(digits) % 60, 16 + next(digits) % 20, 7 + next(digits) % 9, colours[2])
    for row in range(5):
        top, swing = 42 + row * 12, 3 + next(digits) % 7
        yield _shape(f"M0 {top}q12.5 {-swing} 25 0t25 0 25 0 25 0v60H0z", colours[row % 2])


def _gates(digits: Iterator[int], colours: Colours) -> Iterator[str]:
    step = 12 + next(digits) % 8
    for index in range(-2, 8):
        top = index * step
        yield _line(f"M-5 {top}l55 34 55-34", 3 + next(digits) % 5, colours[index % 3])


def _groove(digits: Iterator[int], colours: Colours) -> Iterator[str]:
    x, y = 30 + next(digits) % 40, 30 + next(digits) % 40
    for index, radius in enumerate(range(62, 6, -(6 + next(digits) % 5))):
        yield _disc(x, y, radius, colours[index % 2])
    yield _disc(x, y, 7, colours[2])


def _levels(digits: Iterator[int], colours: Colours) -> Iterator[str]:
    for column in range(5):
        height = 18 + next(digits) % 66
        yield _shape(f"M{column * 20} {100 - height}h20v{height}h-20z", colours[column % 2])
        yield _shape(f"M{column * 20} {97 - height}h20v3h-20z", colours[2])


def _boats(digits: Iterator[int], colours: Colours) -> Iterator[str]:
    for row in range(3):
        x, y = 8 + next(digits) % 50, 26 + row * 27
        yield _shape(f"M0 {y + 3}h100v24H0z", colours[row % 2])
        yield _shape(f"M{x} {y - 4}h32l-6 11h-20zM{x + 15} {y - 22}v16h-11z", colours[2])


def _reeds(digits: Iterator[int], colours: Colours) -> Iterator[str]:
    yield _disc(25 + next(digits) % 50, 28 + next(digits) % 20, 14 + next(digits) % 8, colours[2])
    for stem in range(13):
        x, top, lean = 4 + stem * 7.5, 24 + next(digits) % 46, next(digits) % 13 - 6
        yield _line(f"M{x} 102Q{x} {top + 24} {x + lean} {top}", 2.6, colours[stem % 2])


def _shape(path: str, colour: str) -> str:
    return f'<path fill="{colour}" d="{path}"/>'


def _line(path: str, width: float, colour: str) -> str:
    return f'<path fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" d="{path}"/>'


def _disc(x: int, y: int, radius: int, colour: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}"/>'


MOTIFS: tuple[Motif, ...] = (_waves, _gates, _groove, _levels, _boats, _reeds)
