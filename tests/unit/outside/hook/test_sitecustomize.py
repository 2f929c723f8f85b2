"""The effect of the hook on a project's settings."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ecluse.outside.hook import ecluse_services
from ecluse.outside.hook import sitecustomize as hook


@pytest.mark.parametrize(
    ("url", "host", "port", "name", "user"),
    [
        ("postgres://me:p%40ss@db.example:5433/shop", "db.example", "5433", "shop", "me"),
        ("postgres://me@db.example/shop", "db.example", "5432", "shop", "me"),
        ("postgres://postgres@/shop?host=%2Frun%2Fpg", "/run/pg", "", "shop", "postgres"),
        ("postgres://me@[::1]:5433/shop", "::1", "5433", "shop", "me"),
    ],
)
def test_address_has_parts(url: str, host: str, port: str, name: str, user: str) -> None:
    parts = hook.parts(url)
    assert (parts["host"], parts["port"], parts["name"], parts["user"]) == (host, port, name, user)


def test_address_is_given_to_the_variables_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://me:secret@db.example:5433/shop")
    for name in ("DB_HOST", "DB_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    hook.publish({"database": {"DB_HOST": "host", "DB_PASSWORD": "password"}})
    assert (os.environ["DB_HOST"], os.environ["DB_PASSWORD"]) == ("db.example", "secret")


def test_override_takes_the_value_of_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_STATIC_ROOT", "/srv/static")
    monkeypatch.delenv("DJANGO_MEDIA_ROOT", raising=False)
    settings = SimpleNamespace(_explicit_settings=set(), MEDIA_ROOT="media")
    hook.override(settings, {"overrides": {"STATIC_ROOT": "$DJANGO_STATIC_ROOT", "MEDIA_ROOT": "$DJANGO_MEDIA_ROOT"}})
    assert (settings.STATIC_ROOT, settings.MEDIA_ROOT) == ("/srv/static", "media")
    assert settings._explicit_settings == {"STATIC_ROOT"}


def test_override_of_a_mapping_keeps_other_keys() -> None:
    settings = SimpleNamespace(CACHES={"default": {"BACKEND": "redis"}, "own": {"BACKEND": "files"}})
    hook.override(settings, {"overrides": {"CACHES": {"default": {"BACKEND": "memory"}}}})
    assert settings.CACHES == {"default": {"BACKEND": "memory"}, "own": {"BACKEND": "files"}}


def test_override_of_a_list_keeps_other_values() -> None:
    settings = SimpleNamespace(ALLOWED_HOSTS=("shop.example", "localhost"))
    hook.override(settings, {"overrides": {"ALLOWED_HOSTS": ["127.0.0.1", "localhost"]}})
    assert settings.ALLOWED_HOSTS == ["shop.example", "localhost", "127.0.0.1"]


def test_default_database_is_replaced_where_there_is_no_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://me@db.example/shop")
    before = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "db.sqlite3",
        "ATOMIC_REQUESTS": True,
        "TEST": {"NAME": "t"},
    }
    settings = SimpleNamespace(DATABASES={"default": before, "logs": {"ENGINE": "other"}})
    hook.override(settings, {"outside": True})
    default = settings.DATABASES["default"]
    assert default["ENGINE"] == "django.db.backends.postgresql" and default["HOST"] == "db.example"
    assert default["ATOMIC_REQUESTS"] is True and "TEST" not in default
    assert settings.DATABASES["logs"] == {"ENGINE": "other"}


@pytest.mark.parametrize(
    ("engine", "after"),
    [
        ("django_tenants.postgresql_backend", "django_tenants.postgresql_backend"),
        ("django_prometheus.db.backends.postgresql", "django_prometheus.db.backends.postgresql"),
        ("django.db.backends.postgresql_psycopg2", "django.db.backends.postgresql"),
        ("django.db.backends.mysql", "django.db.backends.postgresql"),
    ],
)
def test_engine_of_a_package_for_postgresql_stays(monkeypatch: pytest.MonkeyPatch, engine: str, after: str) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://me@db.example/shop")
    settings = SimpleNamespace(DATABASES={"default": {"ENGINE": engine}})
    hook.override(settings, {"outside": True})
    assert settings.DATABASES["default"]["ENGINE"] == after


def test_database_stays_where_no_address_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    settings = SimpleNamespace(DATABASES={"default": {"ENGINE": "sqlite"}})
    hook.override(settings, {"outside": True})
    assert settings.DATABASES == {"default": {"ENGINE": "sqlite"}}


def test_folder_of_a_log_file_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.FileHandler, "_open", logging.FileHandler._open)
    hook.make_folders_of_logs()
    handler = logging.FileHandler(tmp_path / "logs" / "site.log")
    handler.close()
    assert (tmp_path / "logs" / "site.log").is_file()


WITHOUT_REDIS = {
    "services": {"REDIS_URL": {"placeholder": "redis://127.0.0.1:1/0", "without": {"TASK_ALWAYS_EAGER": True}}}
}


@pytest.mark.parametrize("url", [None, "", "redis://127.0.0.1:1/0"])
def test_setting_takes_the_place_of_an_absent_service(monkeypatch: pytest.MonkeyPatch, url: str | None) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    if url is not None:
        monkeypatch.setenv("REDIS_URL", url)
    settings = SimpleNamespace(BROKER_URL="redis://localhost")
    hook.override(settings, WITHOUT_REDIS)
    assert vars(settings) == {"BROKER_URL": "redis://localhost", "TASK_ALWAYS_EAGER": True}


def test_settings_are_led_to_a_service_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ecluse_services", ecluse_services)
    monkeypatch.setenv("REDIS_URL", "redis://redis:6379/0")
    settings = SimpleNamespace(BROKER_URL="redis://localhost/2", own="redis://localhost")
    hook.override(settings, WITHOUT_REDIS)
    assert vars(settings) == {"BROKER_URL": "redis://redis:6379/2", "own": "redis://localhost"}
