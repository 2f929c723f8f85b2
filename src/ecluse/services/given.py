"""The source ``given``: a service that somebody else runs. Its address is in the environment, and is used as it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from ecluse import probes
from ecluse.definition.model import Service
from ecluse.services.kinds import kind_of

__all__ = ["empty", "provide", "why_not"]

PATIENCE = 30.0
"""Seconds that a given service has to answer. A provider starts its service containers beside the job."""


def why_not(service: Service, environ: Mapping[str, str]) -> str | None:
    """Why *service* is not given: its variable is not set."""
    variable = kind_of(service).variable
    return None if environ.get(variable) else f"{variable} is not set"


@contextlib.contextmanager
def provide(service: Service, environ: Mapping[str, str], rest: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Wait until *service* answers, and pass its address on."""
    kind = kind_of(service)
    what = f"the {service.kind} at {kind.variable}"
    probes.wait([environ[kind.variable]], timeout=PATIENCE, what=what, probe=kind.probe)
    yield {kind.variable: environ[kind.variable]}


@contextlib.contextmanager
def empty(service: Service, environ: Mapping[str, str]) -> Iterator[str]:
    """The address of the given *service*, in which several users may create databases."""
    yield environ[kind_of(service).variable]
