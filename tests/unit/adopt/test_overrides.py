"""The settings that are set from outside so that a project can be tested and served on this machine."""

from __future__ import annotations

from typing import Any

import pytest

from ecluse.adopt.asking import SettingsReport
from ecluse.adopt.celery_tasks import CeleryTasks
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


def test_cache_of_the_process_stays() -> None:
    memory = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert "CACHES" not in names(CACHES=memory)


def test_cache_server_is_replaced_aloud() -> None:
    caches = {
        "default": {"BACKEND": "django_redis.cache.RedisCache"},
        "own": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    }
    found = [one for one in overrides(SettingsReport(True, settings={"CACHES": caches})) if one.name == "CACHES"]
    assert found[0].aloud and list(found[0].value) == ["default"]  # type: ignore[call-overload]


def test_tasks_run_at_once_without_a_broker() -> None:
    tasks = CeleryTasks(
        "shop.celery:app", "redis://:secret@cache.example:6379", beat=True, eager="CELERY_TASK_ALWAYS_EAGER"
    )
    (found,) = [one for one in overrides(SettingsReport(True), tasks) if one.name == "CELERY_TASK_ALWAYS_EAGER"]
    assert found.aloud and found.value is True
    assert found.why == "tasks run at once, and none at fixed times: no broker answers at redis://cache.example"


@pytest.mark.parametrize("state", [{"reached": True}, {"always_eager": True}, {"eager": ""}])
def test_tasks_stay_as_they_are_where_nothing_is_missing(state: dict[str, Any]) -> None:
    tasks = CeleryTasks("shop.celery:app", **{"eager": "CELERY_TASK_ALWAYS_EAGER", **state})
    assert not any("EAGER" in one.name for one in overrides(SettingsReport(True), tasks))


def test_redis_has_something_in_its_place() -> None:
    layers = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}}
    settings = {"CHANNEL_LAYERS": layers, "CACHEOPS_REDIS": "redis://localhost", "HUEY": {"name": "shop"}}
    found = [one for one in overrides(SettingsReport(True, settings=settings)) if one.service == "redis"]
    assert [one.name for one in found] == ["CHANNEL_LAYERS", "CACHEOPS_ENABLED", "HUEY"]
    assert all(one.aloud for one in found)


@pytest.mark.parametrize(("broker", "kind"), [("rediss://a", "redis"), ("pyamqp://a", "rabbitmq"), ("sqs://", "")])
def test_tasks_run_at_once_without_the_service_of_their_broker(broker: str, kind: str) -> None:
    tasks = CeleryTasks("shop.celery:app", broker, eager="TASK_ALWAYS_EAGER")
    (found,) = [one for one in overrides(SettingsReport(True), tasks) if one.name == "TASK_ALWAYS_EAGER"]
    assert found.service == kind
