"""The ways to get a PostgreSQL for tests, as a user would write them: arguments, environment, a conftest.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["VARIANTS", "Variant"]


@dataclass(frozen=True)
class Variant:
    """*arguments* go to pytest. *server*: it needs the running one; *empty_cache*: it begins with nothing cached.

    *as_user*: not as root, which its own way of starting a server refuses.
    """

    name: str
    what: str
    arguments: tuple[str, ...]
    conftest: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    server: bool = False
    empty_cache: bool = False
    as_user: bool = False


_TESTCONTAINERS = """
import pytest
from django.conf import settings
from testcontainers.postgres import PostgresContainer


@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    with PostgresContainer("postgres:18") as postgres:
        settings.DATABASES["default"].update(
            HOST=postgres.get_container_host_ip(),
            PORT=postgres.get_exposed_port(5432),
            USER=postgres.username,
            PASSWORD=postgres.password,
        )
        yield
"""

_PYTEST_POSTGRESQL = """
import pytest
from django.conf import settings
from pytest_postgresql import factories

postgresql_proc = factories.postgresql_proc(startparams="-w")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgresql_proc):
    settings.DATABASES["default"].update(
        HOST=postgresql_proc.host, PORT=str(postgresql_proc.port), USER=postgresql_proc.user, PASSWORD=""
    )
"""

_ROWS = "test_rows.py"
_DJANGO = ("-p", "django")
_ECLUSE = (*_DJANGO, "-p", "ecluse.testing.plugin")
_NOWHERE = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/site"}

VARIANTS = (
    Variant("floor", "no database: one test that needs none", (*_DJANGO, "test_nothing.py"), environ=_NOWHERE),
    Variant("cached", "Écluse, the cluster cached", (*_ECLUSE, _ROWS)),
    Variant("uncached", "Écluse, nothing cached: it makes the server too", (*_ECLUSE, _ROWS), empty_cache=True),
    Variant("a", "pytest-django on a running server", (*_DJANGO, _ROWS, "--create-db"), server=True),
    Variant("b", "Testcontainers with pytest-django", (*_DJANGO, _ROWS), conftest=_TESTCONTAINERS, environ=_NOWHERE),
    Variant(
        "c",
        "pytest-postgresql with pytest-django",
        (*_DJANGO, "-p", "pytest_postgresql.plugin", _ROWS),
        conftest=_PYTEST_POSTGRESQL,
        environ=_NOWHERE,
        as_user=True,
    ),
    Variant("d", "--reuse-db on a running server", (*_DJANGO, _ROWS, "--reuse-db"), server=True),
)
