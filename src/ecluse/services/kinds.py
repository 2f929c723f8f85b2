"""The kinds of services: everything that Écluse knows about each, in one record.

A new kind is a record in :data:`KINDS` (and its readiness probe in :mod:`ecluse.probes`, where an open port is not
enough). How a provider gives a kind to a job is the provider's own knowledge: see :mod:`ecluse.providers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ecluse.definition.model import Pipeline, Service
from ecluse.definition.shapes import Problem
from ecluse.errors import DefinitionError

__all__ = ["KINDS", "ORDER_VARIABLE", "POSTGRES", "POSTGRES_VERSION", "Kind", "image_of", "kind_of", "unknown_kinds"]

POSTGRES_VERSION = "18"
"""The major version of PostgreSQL wherever Écluse chooses it."""

ORDER_VARIABLE = "ECLUSE_POSTGRES"
"""The environment variable that overrides the order of PostgreSQL's sources: names, separated by commas."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of service, whose container is empty and open to this machine alone.

    - *variable*: the environment variable that holds the service's address
    - *image*: the container image, without its tag, which is the service's version
    - *port*: the port that the image listens on
    - *scheme*, *user*, *password*, *path*: the parts of an address, as ``scheme://user:password@host:port/path``
    - *probe*: the module of :mod:`ecluse.probes` that asks whether the service is ready
    - *password_variable*: the variable by which the image takes a password, made anew for each container
    - *environment*, *command*: what a throwaway container is started with
    - *trusting*: the environment in which the image asks for no password
    - *embedded*: whether Écluse can run the service without a container
    - *image_variable*, *order_variable*: the variables by which a user names another image, and the sources to try
    """

    variable: str
    image: str
    port: int
    scheme: str
    probe: str
    user: str = ""
    password: str = ""
    path: str = ""
    password_variable: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str | None = None
    trusting: Mapping[str, str] = field(default_factory=dict)
    embedded: bool = False
    image_variable: str | None = None
    order_variable: str | None = None

    def address(self, host: str, port: int | None = None, password: str | None = None) -> str:
        """The address of a service of this kind at *host*; *port* and *password* are the kind's own by default."""
        secret = self.password if password is None else password
        account = f"{self.user}:{secret}@" if secret else f"{self.user}@" if self.user else ""
        return f"{self.scheme}://{account}{host}:{self.port if port is None else port}{self.path}"


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "postgres": Kind(
            variable="DATABASE_URL",
            image="postgres",
            port=5432,
            scheme="postgres",
            probe="postgres",
            user="postgres",
            path="/postgres",
            password_variable="POSTGRES_PASSWORD",
            environment={"POSTGRES_INITDB_ARGS": "--no-sync"},
            command="postgres -c fsync=off -c full_page_writes=off -c synchronous_commit=off",
            trusting={"POSTGRES_HOST_AUTH_METHOD": "trust"},
            embedded=True,
            image_variable="ECLUSE_POSTGRES_IMAGE",
            order_variable=ORDER_VARIABLE,
        ),
        "redis": Kind(
            variable="REDIS_URL",
            image="redis",
            port=6379,
            scheme="redis",
            probe="redis",
            path="/0",
            # Nothing is kept, so nothing needs to be written to the disk.
            command="redis-server --save '' --appendonly no",
        ),
        "rabbitmq": Kind(
            variable="RABBITMQ_URL",
            image="rabbitmq",
            port=5672,
            scheme="amqp",
            probe="amqp",
            user="guest",
            password="guest",
            path="//",
        ),
        "mongodb": Kind(variable="MONGODB_URL", image="mongo", port=27017, scheme="mongodb", probe="mongodb"),
    }
)

POSTGRES = Service(name="postgres", kind="postgres", version=POSTGRES_VERSION)
"""The PostgreSQL that tests and ``ecluse db`` use."""


def kind_of(service: Service) -> Kind:
    """The record of the *service*'s kind. Raises DefinitionError for a kind that there is not."""
    if service.kind not in KINDS:
        raise DefinitionError(
            f"there is no kind of service {service.kind!r}",
            where=f"service {service.name!r}",
            hint=f"the kinds are {', '.join(KINDS)}",
        )
    return KINDS[service.kind]


def image_of(service: Service, environ: Mapping[str, str]) -> str:
    """The container image of *service*, with its tag; the environment may name another."""
    kind = kind_of(service)
    named = environ.get(kind.image_variable, "") if kind.image_variable else ""
    return named or f"{kind.image}:{service.version}"


def unknown_kinds(pipeline: Pipeline) -> Iterator[Problem]:
    """The services of *pipeline* whose kind does not exist: a rule for :func:`ecluse.definition.load.load`."""
    expected = f"one of {', '.join(map(repr, KINDS))} expected, got"
    for service in pipeline.services:
        if service.kind not in KINDS:
            yield Problem(f"service {service.name!r}", "kind", f"{expected} {service.kind!r}")
    for kind in pipeline.project.without if pipeline.project else ():
        if kind not in KINDS:
            yield Problem("project", "without", f"{expected} {kind!r}")
