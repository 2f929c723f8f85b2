"""The settings that are set from outside so that a project can be tested and served on this machine."""

from __future__ import annotations

from typing import Any

import pytest

from ecluse.adopt.asking import SettingsReport
from ecluse.adopt.overrides import overrides


def names(**settings: Any) -> dict[str, object]:
    return {
        one.name: one.value for one in overrides(SettingsReport(True, settings={"STATIC_URL": "/static/", **settings}))
    }


def test_static_and_media_folders_are_always_ours() -> None:
    found = names(ALLOWED_HOSTS=["*"])
    assert (found["STATIC_ROOT"], found["MEDIA_ROOT"]) == ("$DJANGO_STATIC_ROOT", "$DJANGO_MEDIA_ROOT")


@pytest.mark.parametrize("hosts", [[], ["*"], ["shop.example"]])
def test_own_address_is_added_whatever_the_hosts_are(hosts: list[str]) -> None:
    assert names(ALLOWED_HOSTS=hosts)["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost"]


def test_redirect_to_https_is_switched_off() -> None:
    assert names(SECURE_SSL_REDIRECT=True)["SECURE_SSL_REDIRECT"] is False


def test_cache_server_is_replaced_aloud() -> None:
    caches = {
        "default": {"BACKEND": "django_redis.cache.RedisCache"},
        "own": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    }
    found = [one for one in overrides(SettingsReport(True, settings={"CACHES": caches})) if one.name == "CACHES"]
    assert found[0].aloud and list(found[0].value) == ["default"]  # type: ignore[call-overload]


def test_tasks_run_at_once_without_a_broker() -> None:
    assert names(CELERY_BROKER_URL="redis://redis:6379")["CELERY_TASK_ALWAYS_EAGER"] is True
