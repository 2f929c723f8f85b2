"""The source ``absent``: no service. A job that names it last goes on without the service where no other source can."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from ecluse.definition.model import Service
from ecluse.errors import ServiceError

__all__ = ["empty", "provide", "why_not"]


def why_not(service: Service, environ: Mapping[str, str]) -> str | None:
    """The reason why not: there is none, whatever the service is."""
    return None


@contextlib.contextmanager
def provide(service: Service, environ: Mapping[str, str], rest: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """No variable: the steps find no address of *service*."""
    yield {}


def empty(service: Service, environ: Mapping[str, str]) -> AbstractContextManager[str]:
    """Raises ServiceError: there is no server where databases could be made."""
    raise ServiceError(f"no {service.kind} {service.version} to be had", hint="name another source before `absent`")
