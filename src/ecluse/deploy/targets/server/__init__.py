"""The target ``server``: one machine, Supervisor and gunicorn; no Docker, and no root needed.

Supervisor owns the listening socket and hands it to every process of the site. Two serve; the next release's two are
started beside them in slots of their own, each gated on a private socket before it accepts anything from the public
one; then the old ones stop accepting, finish what they have, and end. The socket is never closed, so nobody is ever
refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ecluse.definition.model import Environment
from ecluse.deploy.contract import Context, Target

if TYPE_CHECKING:
    from ecluse.deploy.targets.server.release import ServerRelease

__all__ = ["opened", "problems"]

_TAKEN = ("web", "postgres")
"""Names of Supervisor's programs that are not workers."""


def problems(environment: Environment) -> Iterator[tuple[str, str]]:
    """See :class:`ecluse.deploy.contract.Package`."""
    names = [worker.name for worker in environment.workers]
    for name in names:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or name in _TAKEN or names.count(name) > 1:
            yield "workers", f"{name!r} is not a unique name for a worker"


@contextmanager
def opened(context: Context) -> Iterator[Target[ServerRelease]]:
    """The environment in ``.ecluse/environments`` of the repository, with the releases that are packaged there."""
    from ecluse.deploy.targets.server.parts import target

    folder = context.top / ".ecluse"
    name = context.environment.name
    yield target(
        context.environment, folder / "environments" / name, folder / "releases", context.environ, say=context.say
    )
