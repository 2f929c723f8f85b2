"""The words that ``pipeline.py`` is written in, beside the classes of :mod:`ecluse.definition.model`."""

from __future__ import annotations

import sys

from ecluse.definition.model import All, Any, Condition, Is, Not, Step

__all__ = [
    "CURRENT_PYTHON",
    "all_of",
    "any_of",
    "command",
    "ecluse",
    "not_",
    "pull_request",
    "push",
    "ship",
    "tag",
    "tox",
]

CURRENT_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The version of the Python that runs the pipeline, as ``3.13``."""


def pull_request(base: str | None = None) -> Condition:
    """A pull request, to the branch *base* where one is named."""
    return Is("pull_request", base)


def push(branch: str | None = None) -> Condition:
    """A push to *branch*, or to any. A push of a tag is not one."""
    return Is("push", branch)


def tag(pattern: str | None = None) -> Condition:
    """A pushed tag that matches *pattern*, as ``v*``."""
    return Is("tag", pattern)


def ship() -> Condition:
    """``ecluse ship`` on this machine. No provider ever sees such a job."""
    return Is("ship")


def all_of(*conditions: Condition) -> Condition:
    """Every one of them."""
    return All(conditions)


def any_of(*conditions: Condition) -> Condition:
    """At least one of them."""
    return Any(conditions)


def not_(condition: Condition) -> Condition:
    """The opposite."""
    return Not(condition)


def command(*argv: str, name: str = "", **env: str) -> Step:
    """A step that runs a program with these arguments, and *env* added to its environment."""
    return Step(argv, name or " ".join(argv), env)


def tox(environment: str, *arguments: str, **env: str) -> Step:
    """A step that runs the tox environment of that name; *arguments* go to what it runs."""
    rest = ("--", *arguments) if arguments else ()
    return Step(("tox", "run", "-e", environment, *rest), f"tox -e {environment}", env)


def ecluse(*arguments: str) -> Step:
    """A step that runs this program's own command with *arguments*."""
    return Step(("./ecluse", *arguments), " ".join(("ecluse", *arguments)))
