"""The provider whose files are written: asked for, or told by the repository's remote or by the files that it has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ecluse.providers import PROVIDERS

__all__ = ["ChosenProvider", "choose"]

_DEFAULT = "github"


@dataclass(frozen=True)
class ChosenProvider:
    """The id of a provider, and *why* it was chosen. *guess*: nothing in the repository told it."""

    id: str
    why: str
    guess: bool = False


def choose(asked: str, before: Iterable[str], origin: str, tracked: Iterable[str]) -> ChosenProvider:
    """The provider of a repository: the one *asked* for; else the one of the files that were written *before*; else the
    one that the remote *origin* (``host/path``) names; else the one whose files are *tracked*.
    """
    if asked:
        return ChosenProvider(asked, "as --provider asks")
    host = origin.partition("/")[0]
    named = next((name for name in PROVIDERS if name in host), None)
    written, there = _having(before), _having(tracked)
    if len(written) == 1:
        return ChosenProvider(next(iter(written)), "as before")
    if named:
        return ChosenProvider(named, f"as the remote says: {host}")
    if len(there) == 1:
        name, file = next(iter(there.items()))
        return ChosenProvider(name, f"as {file} says")
    several = f"there are {' and '.join(there.values())}" if there else "no file of a provider is there"
    remote = f"the remote {host} does not name its provider" if host else "there is no remote"
    return ChosenProvider(_DEFAULT, f"a guess: {remote}, and {several}; --provider chooses another", guess=True)


def _having(files: Iterable[str]) -> dict[str, str]:
    """The providers that have files among *files*, and the first file of each."""
    tops = {PurePosixPath(place).parts[0]: name for name, one in PROVIDERS.items() for place in one.places}
    found: dict[str, str] = {}
    for file in sorted(files):
        name = tops.get(PurePosixPath(file).parts[0])
        if name:
            found.setdefault(name, file)
    return found
