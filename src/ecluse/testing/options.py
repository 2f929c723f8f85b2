"""The options of a test run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DatabaseOptions"]


@dataclass(frozen=True)
class DatabaseOptions:
    """The options of a test run. *order* are the sources to try, *fresh* means that no cached cluster is used.

    *top* is the project's folder, *ignored* are names of settings that do not decide what a database looks like,
    *command* is what the user typed, by which the next run knows what this one needed. *replace* says to use none of
    the servers that the settings name, not even one that is not from ``DATABASE_URL``.
    """

    order: tuple[str, ...]
    environ: Mapping[str, str]
    top: str
    fresh: bool = False
    ignored: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    replace: bool = False
