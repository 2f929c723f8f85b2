"""Mistakes across settings, as Django system checks, each with an id and a hint (docs/reference/settings.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.http.request import validate_host

__all__: list[str] = []

# The language of the templates and of the code: it needs no translation.
SOURCE_LANGUAGE = "fr"

# Each must stand before the next, for the reason given.
ORDER = (
    (
        "website.health.middleware.ping",
        "django.middleware.security.SecurityMiddleware",
        "/ping/ would be redirected to HTTPS",
    ),
    (
        "django.middleware.security.SecurityMiddleware",
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "static files would be served over plain HTTP",
    ),
    (
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "the language is looked up in the session",
    ),
    (
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.common.CommonMiddleware",
        "redirects need the language",
    ),
)


@register(Tags.security)
def trusted_origins_are_allowed_hosts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """website.E001"""
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        host = urlsplit(origin).hostname or ""
        # "https://*.example.com" trusts what ".example.com" allows.
        if not settings.DEBUG and not validate_host(host.removeprefix("*"), settings.ALLOWED_HOSTS):
            yield Error(
                f"CSRF_TRUSTED_ORIGINS has {origin}, but ALLOWED_HOSTS has no {host}: its requests would be refused.",
                hint=f"Add {host} to DJANGO_ALLOWED_HOSTS, or take the origin away.",
                id="website.E001",
            )


@register(Tags.files)
def static_and_media_are_apart(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """website.E002"""
    static, media = Path(settings.STATIC_ROOT).resolve(), Path(settings.MEDIA_ROOT).resolve()
    if static.is_relative_to(media) or media.is_relative_to(static):
        yield Error(
            f"STATIC_ROOT ({static}) and MEDIA_ROOT ({media}) are one inside the other: "
            "what people upload would be served as part of the release, or lost with it.",
            hint="Give each a folder of its own: DJANGO_STATIC_ROOT and DJANGO_MEDIA_ROOT.",
            id="website.E002",
        )


@register(Tags.translation)
def languages_are_translated(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """website.E003"""
    for code, _name in settings.LANGUAGES:
        catalog = Path(apps.get_app_config("website").path, "locale", code, "LC_MESSAGES", "django.mo")
        if code != SOURCE_LANGUAGE and not catalog.is_file():
            yield Error(
                f"LANGUAGES offers {code!r}, but there is no {catalog}.",
                hint=f"cd src/website && django-admin makemessages -l {code}, translate, then compilemessages.",
                id="website.E003",
            )


@register()
def middleware_is_in_order(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """website.E004"""
    middleware = list(settings.MIDDLEWARE)
    for first, second, reason in ORDER:
        if second in middleware and (first not in middleware or middleware.index(first) > middleware.index(second)):
            yield Error(
                f"MIDDLEWARE has no {first} before {second}: {reason}.",
                hint="Put it there, as settings/base.py has it.",
                id="website.E004",
            )


@register()
def persistent_connections_are_looked_at(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> Iterable[CheckMessage]:
    """website.E005"""
    for alias, database in settings.DATABASES.items():
        if database.get("CONN_MAX_AGE", 0) != 0 and not database.get("CONN_HEALTH_CHECKS"):
            yield Error(
                f"DATABASES[{alias!r}] keeps connections without looking at them: "
                "after a restart of the database each would fail one request.",
                hint="Set CONN_HEALTH_CHECKS, or CONN_MAX_AGE to 0.",
                id="website.E005",
            )


@register()
def sqlite_is_announced(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """website.I001"""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        yield Info(
            f"The database is SQLite ({database['NAME']}): fine for a look, but production runs PostgreSQL.",
            hint='For a PostgreSQL that needs no installation: export DATABASE_URL="$(./ecluse db --keep)".',
            id="website.I001",
        )


@register()
def imagekit_is_configured_whole_or_not_at_all(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> Iterable[CheckMessage]:
    """website.E006"""
    missing = [name for name, value in settings.IMAGEKIT.items() if not value]
    if missing and len(missing) < len(settings.IMAGEKIT):
        yield Error(
            f"ImageKit is configured by half: IMAGEKIT_{missing[0]} is missing, so uploads are kept on this machine.",
            hint=f"Set IMAGEKIT_{missing[0]} too, or neither: docs/how-to/connect-imagekit.md.",
            id="website.E006",
        )
