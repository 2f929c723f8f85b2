"""``manage.py test``, on the same PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.counted, pytest.mark.slow]

TESTS = """
from django.db import connection
from django.test import TestCase, TransactionTestCase
from shop.models import Album


class One(TestCase):
    def test_it_is_postgresql(self):
        assert connection.vendor == "postgresql"
        print("on", connection.settings_dict["NAME"])
        assert Album.objects.count() == 2
        Album.objects.create(title="x")


class Two(One):
    pass


class Three(TransactionTestCase):
    serialized_rollback = True

    def test_its_rows_are_there(self):
        assert Album.objects.count() == 2
        Album.objects.create(title="x")
"""


def test_tests_use_postgresql_where_settings_fall_back_to_sqlite(project: Any) -> None:
    project.write("tests.py", TESTS)
    first = project.python("-W", "error", "-m", "django", "test")
    assert "migrated a new database" in first.output
    assert "on test_database" in first.output
    assert "OK" in first.output
    assert "database from the cache" in project.python("-m", "django", "test").output


def test_parallel_processes_have_clones(project: Any) -> None:
    project.write("tests.py", TESTS)
    done = project.python("-m", "django", "test", "--parallel", "2", "-v", "1")
    assert "OK" in done.output
    assert "on test_database_1" in done.output
    assert "on test_database_2" in done.output


def test_given_source_uses_djangos_own_runner(project: Any) -> None:
    project.write(
        "tests.py",
        "from django.db import connection\nfrom django.test import SimpleTestCase\n\n"
        "class One(SimpleTestCase):\n    def test_it(self):\n        assert connection.vendor == 'sqlite'\n",
    )
    done = project.python("-m", "django", "test", "--postgres", "given")
    assert "OK" in done.output
    assert "ecluse: " not in done.output


def test_run_without_any_test_fails(project: Any) -> None:
    project.write("tests.py", "")
    done = project.python("-m", "django", "test", check=False)
    assert done.returncode != 0
    assert "no test was run" in done.output


def test_replica_of_default_is_replaced_with_it(project: Any) -> None:
    settings = (project.folder / "settings.py").read_text(encoding="utf-8")
    mirror = 'DATABASES["replica"] = {**DATABASES["default"], "TEST": {"MIRROR": "default"}}\n'
    project.write("settings.py", settings + mirror)
    project.write("tests.py", REPLICA)
    assert "Ran 1 test" in project.python("-m", "django", "test").output


REPLICA = """
from django.test import TransactionTestCase
from shop.models import Album


class Replica(TransactionTestCase):
    databases = ["default", "replica"]

    def test_replica_has_what_was_written(self):
        Album.objects.create(title="x")
        assert Album.objects.using("replica").filter(title="x").exists()
"""
