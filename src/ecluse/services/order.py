"""The order in which the sources of a service are tried, and where it is set."""

from __future__ import annotations

from collections.abc import Mapping

from ecluse.definition.model import Service
from ecluse.errors import ServiceError
from ecluse.services.kinds import ORDER_VARIABLE as VARIABLE
from ecluse.services.kinds import kind_of

__all__ = ["DEFAULT", "VARIABLE", "order_of", "parse"]

DEFAULT = ("given", "embedded", "container")


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
    variable = kind_of(service).order_variable
    text = environ.get(variable, "") if variable else ""
    return parse(text, where=variable) if variable and text.strip() else service.sources
