"""An environment as the source of a pipeline.py for its own machine, where it is no host any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace

from ecluse.definition.model import Environment, Is, Job, Pipeline, Step
from ecluse.remote.line import key_names
from ecluse.remote.server_database import url_of

__all__ = ["written"]

_HEAD = """\
\"\"\"Written by `ecluse` on another machine: the next rollout writes it anew.\"\"\"

from ecluse.definition.model import *
"""


def written(pipeline: Pipeline, environment: Environment) -> str:
    """The text of a ``pipeline.py`` for the host of *environment*: it has that environment alone, without a host."""
    keys = key_names(environment)
    database = url_of(pipeline, environment)
    here = replace(
        environment,
        host="",
        user="",
        port=None,
        host_key="",
        provision=None,
        # Its timer is no longer ours to put there.
        backup=replace(environment.backup, every="") if environment.backup else None,
        env={**environment.env, **({"DATABASE_URL": database} if database else {})},
        # The key to the machine is not for the machine.
        secrets=tuple(name for name in environment.secrets if name not in keys),
    )
    start = Job(name="start", steps=(Step(run=("./ecluse", "start", environment.name)),), when=Is("ship"))
    only = Pipeline(name=pipeline.name, jobs=(start,), environments=(here,))
    return f"{_HEAD}\npipeline = {_source(only)}\n"


def _source(value: object) -> str:
    """*value*, of the model's classes, as an expression of Python."""
    if is_dataclass(value) and not isinstance(value, type):
        given = ((field.name, getattr(value, field.name)) for field in fields(value))
        return f"{type(value).__name__}({', '.join(f'{name}={_source(one)}' for name, one in given)})"
    if isinstance(value, tuple):
        return f"({''.join(f'{_source(one)}, ' for one in value)})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_source(name)}: {_source(one)}' for name, one in value.items())}}}"
    return repr(value)
