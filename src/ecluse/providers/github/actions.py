"""The actions that rendered workflows use: this table, and nothing else.

Each is pinned by the commit of a released version, since a tag can be moved to other code. To renew one: look the tag's
commit up in the action's own repository (``git ls-remote --tags``), read what changed, change both columns, run
``./ecluse render``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ecluse.errors import RenderError
from ecluse.providers.yaml import Commented

__all__ = ["ACTIONS", "Action", "step", "uses"]

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Action:
    """A released *version* of an action, and the *commit* that its tag named when it was read."""

    version: str
    commit: str


ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        "actions/cache": Action("v5.0.5", "27d5ce7f107fe9357f9df03efb73ab90386fccae"),
        "actions/checkout": Action("v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1"),
        "actions/setup-python": Action("v7.0.0", "5fda3b95a4ea91299a34e894583c3862153e4b97"),
        "actions/upload-artifact": Action("v7.0.1", "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a"),
    }
)


def step(name: str, options: Mapping[str, object]) -> dict[str, object]:
    """The step that runs the action *name*, pinned, with *options*."""
    value, comment = uses(name)
    return {"uses": Commented(value, comment), "with": options}


def uses(name: str, actions: Mapping[str, Action] = ACTIONS) -> tuple[str, str]:
    """The value of ``uses:`` for the action *name*, and its version. Raises RenderError for one without a pin.

    A repository may have several actions, each in a folder: ``actions/cache/restore``. They have one pin.
    """
    action = actions.get("/".join(name.split("/")[:2]))
    where, hint = (
        "src/ecluse/providers/github/actions.py",
        "pin it there: its version, and the 40 digits of the commit of that version's tag",
    )
    if action is None:
        raise RenderError(f"the action {name} has no pin", where=where, hint=hint)
    if not _COMMIT.fullmatch(action.commit):
        raise RenderError(
            f"the action {name} is pinned by {action.commit!r}, which is no commit", where=where, hint=hint
        )
    return f"{name}@{action.commit}", action.version
