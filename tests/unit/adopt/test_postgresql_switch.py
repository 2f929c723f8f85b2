"""How a project is brought to PostgreSQL, found with projects that are functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ecluse.adopt.asking import SettingsReport, Subject
from ecluse.adopt.postgresql_switch import Switch, find, refuse_spatial
from ecluse.errors import AdoptError

Database = Callable[[Mapping[str, str]], tuple[dict[str, Any], tuple[str, ...]]]


def by_url(given: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    if not given.get("DATABASE_URL"):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}, ("DEBUG", "DATABASE_URL")
    user, _, rest = given["DATABASE_URL"].partition("://")[2].partition("@")
    host, _, name = rest.partition("/")
    return {"ENGINE": "django.db.backends.postgresql", "HOST": host.split(":")[0], "NAME": name}, ("DATABASE_URL",)


def by_parts(given: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    asked = ("DB_NAME", "DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD")
    parts = {name.partition("_")[2]: given.get(name, "") for name in asked}
    return {"ENGINE": "django.db.backends.postgresql", **parts}, asked


def by_engine(given: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    database, asked = by_parts(given)
    return {**database, "ENGINE": given.get("DB_ENGINE", "django.db.backends.sqlite3")}, ("DB_ENGINE", *asked)


def of_a_package(given: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    database, asked = by_parts(given)
    return {**database, "ENGINE": "django_tenants.postgresql_backend"}, asked


def with_a_port(given: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    database, asked = by_parts(given)
    return {**database, "PORT": 5437}, tuple(name for name in asked if name != "DB_PORT")


def with_an_account(given: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    database, asked = by_parts(given)
    return {**database, "USER": "shop"}, tuple(name for name in asked if name != "DB_USER")


def hard_coded(given: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}, ("SECRET_KEY", "DEBUG")


def switch(database: Database) -> Switch:
    class Project(Subject):
        def ask(self, variables: Mapping[str, str], settings: str = "", *, check: bool = False) -> SettingsReport:
            default, asked = database(variables)
            missing = {name: name not in variables for name in asked}
            return SettingsReport(True, loaded=True, asked=missing, settings={"DATABASES": {"default": default}})

    subject = Project(Path("/none"), ".", Path("/none/python"), {})
    return find(subject, {}, subject.ask({}))


@pytest.mark.parametrize(
    ("database", "fixed", "parts"),
    [
        (by_url, {}, {"DATABASE_URL": "url"}),
        (
            by_parts,
            {},
            {"DB_NAME": "name", "DB_HOST": "host", "DB_PORT": "port", "DB_USER": "user", "DB_PASSWORD": "password"},
        ),
        (
            by_engine,
            {"DB_ENGINE": "django.db.backends.postgresql"},
            {"DB_NAME": "name", "DB_HOST": "host", "DB_PORT": "port", "DB_USER": "user", "DB_PASSWORD": "password"},
        ),
        (
            of_a_package,
            {},
            {"DB_NAME": "name", "DB_HOST": "host", "DB_PORT": "port", "DB_USER": "user", "DB_PASSWORD": "password"},
        ),
        (with_a_port, {}, {}),
        (with_an_account, {}, {}),
        (hard_coded, {}, {}),
    ],
)
def test_switch_is_found_by_trying(database: Database, fixed: dict[str, str], parts: dict[str, str]) -> None:
    found = switch(database)
    assert (found.fixed, found.parts, found.own) == (fixed, parts, bool(parts))


@pytest.mark.parametrize("kind", ["postgis", "spatialite"])
def test_project_with_shapes_is_refused_for_postgis(kind: str) -> None:
    engine = f"django.contrib.gis.db.backends.{kind}"
    report = SettingsReport(False, loaded=True, settings={"DATABASES": {"default": {"ENGINE": engine}}})
    with pytest.raises(AdoptError, match="it needs PostGIS"):
        refuse_spatial(report)
