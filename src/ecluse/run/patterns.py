"""The patterns by which a job names its inputs: globs over paths, and behind a ``!`` what is left out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache

__all__ = ["chosen", "glob", "reaches", "unmatched"]

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]/]*\]")
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def chosen(paths: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """The *paths* that a pattern matches, without those that a pattern behind a ``!`` matches, wherever it stands."""
    wanted: list[re.Pattern[str]] = []
    unwanted: list[re.Pattern[str]] = []
    for pattern in patterns:
        (unwanted if pattern.startswith("!") else wanted).append(glob(pattern.removeprefix("!")))
    return [
        path
        for path in paths
        if any(one.fullmatch(path) for one in wanted) and not any(one.fullmatch(path) for one in unwanted)
    ]


def unmatched(paths: Collection[str], patterns: Iterable[str]) -> list[str]:
    """The *patterns* that match none of *paths*. A pattern behind a ``!`` may match nothing."""
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    return [one for one in wanted if one not in paths and not any(map(glob(one).fullmatch, paths))]


def reaches(pattern: str, folder: str) -> bool:
    """Whether a new file in *folder* (``.`` for the top) can match *pattern*: ``a/**`` and ``a/*.py`` reach ``a``."""
    if pattern.startswith("!"):
        return False
    prefix = "" if folder == "." else f"{folder}/"
    if glob(pattern).fullmatch(f"{prefix}\0"):
        return True
    head, slash, tail = pattern.strip("/").rpartition("/")
    if not any(character in tail for character in "*?["):
        return False
    return bool(re.fullmatch(_expression(head + slash), prefix)) or (slash == "" and prefix == "")


@cache
def glob(pattern: str) -> re.Pattern[str]:
    """*pattern* as an expression over paths: ``*``, ``?`` and ``[a-z]`` stay within a folder, ``**`` does not.

    A folder's name alone stands for all it holds. ``[!a-z]`` is any other character, ``[[]`` a bracket.
    """
    return re.compile(_expression(pattern.strip("/")) + "(?:/.*)?", re.DOTALL)


def _expression(pattern: str) -> str:
    expression, at = "", 0
    for token in _TOKEN.finditer(pattern):
        expression += re.escape(pattern[at : token.start()]) + (_MEANING.get(token[0]) or _characters(token[0]))
        at = token.end()
    return expression + re.escape(pattern[at:])


def _characters(token: str) -> str:
    """A class of characters, as ``[a-z]``, never the slash between folders."""
    negated = token.startswith("[!")
    content = re.sub(r"([\\\[\]^&~|])", r"\\\1", token[2 if negated else 1 : -1])
    return f"(?!/)[{'^' if negated else ''}{content}]"
