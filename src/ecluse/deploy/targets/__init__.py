"""The registry of targets: kinds of places where releases serve. ``deploy/contract.py`` says what a target offers.

A target is a package in this folder and a line in :data:`TARGETS`. It is imported when an environment names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ecluse.definition.model import Environment, Pipeline
from ecluse.definition.shapes import Problem

if TYPE_CHECKING:
    from ecluse.deploy.contract import Context, Package, Target

__all__ = ["TARGETS", "opened", "problems"]

TARGETS = {
    "server": "ecluse.deploy.targets.server",
    "swarm": "ecluse.deploy.targets.swarm",
}
"""The module of every target that an environment of pipeline.py may name."""


def opened(context: Context) -> AbstractContextManager[Target[Any]]:
    """The target of an environment, for as long as the context lasts."""
    return _package(context.environment.target).opened(context)


def problems(pipeline: Pipeline) -> Iterator[Problem]:
    """The problems of *pipeline*'s environments on their targets."""
    for environment in pipeline.environments:
        where = f"environment {environment.name!r}"
        for field, what in _problems(environment):
            yield Problem(where, field, what)


def _problems(environment: Environment) -> Iterator[tuple[str, str]]:
    name = environment.target
    if name not in TARGETS:
        close = get_close_matches(name, TARGETS, n=1)
        meant = f" (did you mean {close[0]!r}?)" if close else ""
        yield "target", f"there is no target {name!r}{meant}: {', '.join(TARGETS)}"
        return
    yield from _package(name).problems(environment)


def _package(name: str) -> Package:
    return cast("Package", import_module(TARGETS[name]))
