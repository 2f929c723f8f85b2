"""The settings that a project needs to be tested and served on this machine, and why each is set from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ecluse.adopt.asking import SettingsReport

__all__ = ["Override", "overrides"]

_HERE = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Override:
    """A setting *name* with its *value*, and *why*. *aloud*: people are told, as it changes what the project does."""

    name: str
    value: object
    why: str
    aloud: bool = False


def overrides(answer: SettingsReport) -> tuple[Override, ...]:
    """The settings in *answer* that would keep the site from being served here over HTTP, without other services."""
    return tuple(_overrides(answer.settings))


def _overrides(settings: Mapping[str, Any]) -> Iterator[Override]:
    yield Override("STATIC_ROOT", "$DJANGO_STATIC_ROOT", "where a release collects its static files")
    yield Override("MEDIA_ROOT", "$DJANGO_MEDIA_ROOT", "uploads outlive a release")
    if not settings.get("STATIC_URL"):
        yield Override("STATIC_URL", "/static/", "there is none")
    # Whatever the settings say now: with other variables (CI, a database's host) many turn DEBUG off and ask for names.
    yield Override("ALLOWED_HOSTS", list(_HERE), "this machine's own address, beside the site's names")
    if settings.get("SECURE_SSL_REDIRECT"):
        yield Override("SECURE_SSL_REDIRECT", False, "this machine serves HTTP")
    yield from _caches(settings.get("CACHES") or {})
    if settings.get("CELERY_BROKER_URL") or settings.get("BROKER_URL"):
        if not settings.get("CELERY_TASK_ALWAYS_EAGER"):
            yield Override("CELERY_TASK_ALWAYS_EAGER", True, "tasks run at once: there is no broker", aloud=True)
    if _needs_redis(settings.get("CHANNEL_LAYERS")):
        layer = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
        yield Override("CHANNEL_LAYERS", layer, "messages stay in the process: there is no Redis", aloud=True)


def _caches(caches: Mapping[str, Any]) -> Iterator[Override]:
    apart = [name for name, cache in caches.items() if _is_apart(str(cache.get("BACKEND", "")))]
    if apart:
        memory = {
            name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name} for name in apart
        }
        yield Override("CACHES", memory, "each process has its own cache: there is no cache server", aloud=True)


def _is_apart(backend: str) -> bool:
    """Whether a cache of this *backend* is a server of its own."""
    return any(word in backend.lower() for word in ("redis", "memcached", "pylibmc", "bmemcached"))


def _needs_redis(value: object) -> bool:
    return "redis" in str(value).lower()
