"""The functions that ``pipeline.py`` is written with, beside the classes of :mod:`ecluse.definition.model`."""

from __future__ import annotations

import sys

from ecluse.definition.model import All, Any, Condition, Is, Not, Step

__all__ = [
    "CURRENT_PYTHON",
    "all_of",
    "any_of",
    "command",
    "ecluse",
    "merge_group",
    "not_",
    "project",
    "pull_request",
    "push",
    "ship",
    "tag",
    "tox",
]

CURRENT_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The version of the Python that runs the pipeline, as ``3.13``."""


def pull_request(base: str | None = None) -> Condition:
    """A condition: the event is a pull request, to the branch *base* if one is given."""
    return Is("pull_request", base)


def merge_group(base: str | None = None) -> Condition:
    """A condition: the event is a merge group, what a merge queue would merge into the branch *base* next."""
    return Is("merge_group", base)


def push(branch: str | None = None) -> Condition:
    """A condition: the event is a push to *branch*, or to any branch. A pushed tag is not a push."""
    return Is("push", branch)


def tag(pattern: str | None = None) -> Condition:
    """A condition: the event is a pushed tag that matches *pattern*, as ``v*``."""
    return Is("tag", pattern)


def ship() -> Condition:
    """A condition: the event is ``ecluse ship`` on this machine. No provider runs such a job."""
    return Is("ship")


def all_of(*conditions: Condition) -> Condition:
    """A condition that holds if every one of *conditions* holds."""
    return All(conditions)


def any_of(*conditions: Condition) -> Condition:
    """A condition that holds if at least one of *conditions* holds."""
    return Any(conditions)


def not_(condition: Condition) -> Condition:
    """A condition that holds if *condition* does not."""
    return Not(condition)


def command(*argv: str, name: str = "", **env: str) -> Step:
    """A step that runs a program with these arguments, and *env* added to its environment."""
    return Step(argv, name or " ".join(argv), env)


def project(*argv: str, **env: str) -> Step:
    """A step that runs a program of the project, in its folder, with its Python, packages and settings from outside."""
    return Step(("./ecluse", "project", "--", *argv), " ".join(argv), env)


def tox(environment: str, *arguments: str, **env: str) -> Step:
    """A step that runs the tox environment *environment*; *arguments* go to its commands."""
    rest = ("--", *arguments) if arguments else ()
    return Step(("tox", "run", "-e", environment, *rest), f"tox -e {environment}", env)


def ecluse(*arguments: str) -> Step:
    """A step that runs a command of ecluse with *arguments*."""
    return Step(("./ecluse", *arguments), " ".join(("ecluse", *arguments)))
