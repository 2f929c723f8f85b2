"""The order in which the sources of a service are tried, and where it is set."""

from __future__ import annotations

from collections.abc import Mapping

from ecluse.definition.model import Service
from ecluse.errors import ServiceError

__all__ = ["DEFAULT", "VARIABLE", "order_of", "parse"]

DEFAULT = ("given", "embedded", "container")
VARIABLE = "ECLUSE_POSTGRES"
"""The environment variable that overrides the order: names, separated by commas."""


def parse(text: str, *, where: str) -> tuple[str, ...]:
    """The sources named in *text*, as ``embedded,container``. Raises ServiceError, citing *where*, for other names."""
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in DEFAULT]
    if unknown or not names:
        raise ServiceError(
            f"{', '.join(unknown) or 'nothing'} is not a source of PostgreSQL",
            where=where,
            hint=f"name one or more of {', '.join(DEFAULT)}, in the order to try them",
        )
    return names


def order_of(service: Service, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The environment's order where it sets one, else the service's own."""
    text = environ.get(VARIABLE, "")
    if service.kind == "postgres" and text.strip():
        return parse(text, where=VARIABLE)
    return service.sources
