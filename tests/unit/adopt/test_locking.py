"""The requirements of a project, as they can be installed here."""

from __future__ import annotations

import pytest

from ecluse.adopt.locking import adapted

NEW = "psycopg2-binary>=2.9.9"


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (("psycopg2==2.9.3",), (NEW,)),
        (("psycopg2-binary==2.8.6",), (NEW,)),
        (("psycopg2-binary==2.9.10",), ("psycopg2-binary==2.9.10",)),
        (("psycopg2==2.9.7", "psycopg2-binary==2.9.7"), (NEW,)),
        (("psycopg2==2.9.7", "psycopg2-binary"), ("psycopg2-binary",)),
        (("Django==2.2.28", "psycopg2-binary==2.8.6"), ("Django==2.2.28", "psycopg2-binary==2.8.6")),
        (("gunicorn==20.0.4",), ("gunicorn>=23",)),
        (("gunicorn==21.2.0",), ("gunicorn==21.2.0",)),
        (("mysqlclient==2.1", "pywin32==306", "requests"), ("requests",)),
    ],
)
def test_packages_are_ones_that_start_here(lines: tuple[str, ...], kept: tuple[str, ...]) -> None:
    assert adapted(lines, []) == kept
