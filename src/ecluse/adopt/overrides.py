"""The settings that a project needs to be tested and served on this machine, and why each is set from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ecluse.adopt.asking import SettingsReport
from ecluse.adopt.celery_tasks import CeleryTasks

__all__ = ["Override", "overrides"]

_HERE = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Override:
    """A setting *name* with its *value*, and *why*. *aloud*: people are told, as it changes what the project does."""

    name: str
    value: object
    why: str
    aloud: bool = False


def overrides(answer: SettingsReport, tasks: CeleryTasks | None = None) -> tuple[Override, ...]:
    """The settings in *answer* that would keep the site from being served here over HTTP, without other services.
    *tasks* are its background tasks: without their broker they run at once.
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
    yield from _caches(settings.get("CACHES") or {})
    if _needs_redis(settings.get("CHANNEL_LAYERS")):
        layer = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
        yield Override("CHANNEL_LAYERS", layer, "messages stay in the process: there is no Redis", aloud=True)


def _eager(tasks: CeleryTasks | None) -> Iterator[Override]:
    if tasks is not None and tasks.eager and not tasks.reached and not tasks.always_eager:
        why = f"tasks run at once, and none at fixed times: no broker answers at {tasks.place}"
        yield Override(
            tasks.eager, True, why if tasks.beat else why.replace(", and none at fixed times", ""), aloud=True
        )


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
