"""The requirements of a project, as they can be installed here."""

from __future__ import annotations

import pytest

from ecluse.adopt.locking import adapted

SERVER = "gunicorn>=24.1.1"
NEW = "psycopg2-binary>=2.9.10"


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (("psycopg2==2.9.3",), (NEW,)),
        (("psycopg2-binary==2.8.6",), (NEW,)),
        (("psycopg2-binary==2.9.9",), (NEW,)),
        (("psycopg2-binary==2.9.10",), ("psycopg2-binary==2.9.10",)),
        (("psycopg2==2.9.7", "psycopg2-binary==2.9.7"), (NEW,)),
        (("psycopg2==2.9.7", "psycopg2-binary"), ("psycopg2-binary",)),
        (("Django==2.2.28", "psycopg2-binary==2.8.6"), ("Django==2.2.28", "psycopg2-binary==2.8.6")),
        (("psycopg2-binary<2.9",), (NEW,)),
        (("Django~=2.2", "psycopg2-binary<2.9"), ("Django~=2.2", "psycopg2-binary<2.9")),
        (("gunicorn==20.0.4",), (SERVER,)),
        (("gunicorn>=22,<23",), (SERVER,)),
        (("gunicorn~=23.0",), (SERVER,)),
        (("gunicorn==25.3.0 ; python_version>='3.9'",), (SERVER, "gunicorn==25.3.0 ; python_version>='3.9'")),
        (("gunicorn[gevent]>=20",), (SERVER, "gunicorn[gevent]>=20")),
        (("mysqlclient==2.1", "pywin32==306", "uWSGI==2.0.28", "requests"), ("requests",)),
    ],
)
def test_packages_are_ones_that_start_here(lines: tuple[str, ...], kept: tuple[str, ...]) -> None:
    assert adapted(lines, []) == kept
