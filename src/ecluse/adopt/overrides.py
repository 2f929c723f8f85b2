"""The settings that a project needs to be tested and served on this machine, and why each is set from outside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ecluse.adopt.asking import SettingsReport
from ecluse.adopt.celery_tasks import CeleryTasks

__all__ = ["Override", "overrides"]

_HERE = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Override:
    """A setting *name* with its *value*, and *why*. *aloud*: people are told, as it changes what the project does.

    *service* is the kind of the service without which it is set; empty where it is set everywhere.
    """

    name: str
    value: object
    why: str
    aloud: bool = False
    service: str = ""


def overrides(answer: SettingsReport, tasks: CeleryTasks | None = None) -> tuple[Override, ...]:
    """The settings in *answer* that would keep the site from being served here over HTTP, and those that take the place
    of a service that is not there. *tasks* are its background tasks: without their broker they run at once.
    """
    return (*_overrides(answer.settings), *_eager(tasks))


def _overrides(settings: Mapping[str, Any]) -> Iterator[Override]:
    yield Override("STATIC_ROOT", "$DJANGO_STATIC_ROOT", "where a release collects its static files")
    yield Override("MEDIA_ROOT", "$DJANGO_MEDIA_ROOT", "uploads outlive a release")
    if not settings.get("STATIC_URL"):
        yield Override("STATIC_URL", "/static/", "there is none")
    # Whatever the settings say now: with other variables (CI, a database's host) many turn DEBUG off and ask for names.
    yield Override("ALLOWED_HOSTS", list(_HERE), "this machine's own address, beside the site's names")
    if settings.get("SECURE_SSL_REDIRECT"):
        yield Override("SECURE_SSL_REDIRECT", False, "this machine serves HTTP")
    yield from _without_redis(settings)
    memcached = {name: cache for name, cache in _caches(settings).items() if re.search("memcached|pylibmc", cache)}
    if memcached:
        why = "each process has its own cache: there is no cache server"
        yield Override("CACHES", _in_memory(memcached), why, aloud=True)


def _without_redis(settings: Mapping[str, Any]) -> Iterator[Override]:
    """The settings that take the place of Redis where there is none."""
    caches = [name for name, cache in _caches(settings).items() if "redis" in cache]
    if caches:
        yield Override("CACHES", _in_memory(caches), "each process has its own cache", aloud=True, service="redis")
    if "redis" in str(settings.get("CHANNEL_LAYERS")).lower():
        layer = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
        yield Override("CHANNEL_LAYERS", layer, "messages stay in the process", aloud=True, service="redis")
    if settings.get("CACHEOPS_REDIS"):
        yield Override("CACHEOPS_ENABLED", False, "queries are not cached", aloud=True, service="redis")
    if isinstance(settings.get("HUEY"), dict):
        yield Override("HUEY", {"immediate": True}, "tasks run at once", aloud=True, service="redis")


def _eager(tasks: CeleryTasks | None) -> Iterator[Override]:
    if tasks is not None and tasks.eager and not tasks.reached and not tasks.always_eager:
        why = f"tasks run at once, and none at fixed times: no broker answers at {tasks.place}"
        why = why if tasks.beat else why.replace(", and none at fixed times", "")
        yield Override(tasks.eager, True, why, aloud=True, service=tasks.service)


def _caches(settings: Mapping[str, Any]) -> dict[str, str]:
    """The class of each cache, by its name."""
    return {name: str(cache.get("BACKEND", "")).lower() for name, cache in (settings.get("CACHES") or {}).items()}


def _in_memory(caches: Iterable[str]) -> dict[str, object]:
    return {name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name} for name in caches}
