from django.apps import AppConfig
from django.conf import settings


class WebsiteConfig(AppConfig):
    """The common parts of the site's applications: the look, the home page, the checks of the settings."""

    name = "website"

    def ready(self) -> None:
        from website import checks  # noqa: F401  registers them

        if settings.SENTRY_DSN:
            from website import monitoring

            monitoring.start(settings.SENTRY_DSN, settings.SENTRY_ENVIRONMENT, settings.RELEASE_ID)
