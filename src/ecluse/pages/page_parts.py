"""The parts of a page: its style and policy, tiles, durations."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from string import Template

__all__ = ["duration", "filled", "tile"]


def filled(
    package: str, template: str, styles: Sequence[str], script: str | None = None, *, tab: str, **values: object
) -> str:
    """The page whose body is *template* of *package* with *values*, and whose name in a browser's tab is *tab*: HTML.

    Its style is the one of all pages and then *styles*, its script *script*: files of *package*. The page's own policy
    allows these alone.
    """
    style = "".join([_text(__package__, "base.css"), *(_text(package, name) for name in styles)])
    written = "" if script is None else _text(package, script)
    allowed = f"; script-src '{_source(written)}'" if script else ""
    policy = f"default-src 'none'; style-src '{_source(style)}'{allowed}"
    body = Template(_text(package, template)).substitute(values, script=written)
    return Template(_text(__package__, "frame.html")).substitute(tab=tab, policy=policy, style=style, body=body)


def tile(status: str, figure: str, word: str) -> str:
    """A figure with the word below it, in the colour of *status*."""
    return f'<li class="tile {status}"><b>{figure}</b> <span>{word}</span></li>'


def duration(seconds: float) -> str:
    """*seconds* as people write them: ``0.4 s``, ``12 s``, ``2 min 5 s``."""
    if seconds == 0:
        return "0 s"
    if seconds >= 60:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{seconds:.1f} s" if seconds % 1 or seconds < 10 else f"{seconds:.0f} s"


def _text(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """The style or script *text* as a source of a Content-Security-Policy: the hash of it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
