import pytest
from django.core.checks import run_checks


def ids() -> list[str]:
    return [message.id for message in run_checks() if message.id.startswith("website.")]


def test_the_settings_of_the_tests_have_no_mistake():
    assert ids() == []


def test_an_origin_that_no_host_allows_is_found(settings):
    settings.ALLOWED_HOSTS = [".example.com"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://shop.example.com", "https://*.example.com"]
    assert ids() == []
    settings.CSRF_TRUSTED_ORIGINS = ["https://example.org"]
    assert ids() == ["website.E001"]


@pytest.mark.parametrize(
    ("static", "media"),
    [("/srv/site", "/srv/site"), ("/srv/site/static", "/srv/site"), ("/srv/site", "/srv/site/media")],
)
def test_uploads_among_static_files_are_found(settings, static, media):
    settings.STATIC_ROOT, settings.MEDIA_ROOT = static, media
    assert ids() == ["website.E002"]


def test_a_language_without_translation_is_found(settings):
    settings.LANGUAGES = [*settings.LANGUAGES, ("de", "Deutsch")]
    assert ids() == ["website.E003"]


def test_middleware_out_of_order_is_found(settings):
    settings.MIDDLEWARE = sorted(
        settings.MIDDLEWARE, key=lambda name: name != "django.middleware.security.SecurityMiddleware"
    )
    assert ids() == ["website.E004"]


def test_persistent_connections_without_health_checks_are_found(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "CONN_MAX_AGE", None)
    monkeypatch.setitem(settings.DATABASES["default"], "CONN_HEALTH_CHECKS", False)
    assert ids() == ["website.E005"]


def test_every_check_has_a_hint(settings):
    settings.STATIC_ROOT = settings.MEDIA_ROOT
    settings.LANGUAGES = [("de", "Deutsch")]
    assert all(message.hint for message in run_checks() if message.id.startswith("website."))


@pytest.mark.parametrize("name", ["PRIVATE_KEY", "URL_ENDPOINT"])
def test_half_configured_imagekit_is_found(settings, name):
    settings.IMAGEKIT = {"PRIVATE_KEY": "private_x", "URL_ENDPOINT": "https://ik.imagekit.io/x"}
    assert ids() == []
    settings.IMAGEKIT = {**settings.IMAGEKIT, name: ""}
    assert ids() == ["website.E006"]
