"""Events that people want to know of: written to the log, and sent to Sentry if it is configured."""

from __future__ import annotations

import logging

from django.conf import settings

__all__ = ["event", "start"]


def start(dsn: str, environment: str, release: str) -> None:
    """Send errors and events to the Sentry project at *dsn*, and when beat's tasks begin, end and fail (its "crons").

    Nothing about people is sent along.
    """
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release,
        # A heartbeat a minute is watched by /healthcheck/.
        integrations=[
            DjangoIntegration(),
            CeleryIntegration(monitor_beat_tasks=True, exclude_beat_tasks=["heartbeat-.*"]),
        ],
        # What people type stands in the bodies of requests and in the variables of the code that handles them.
        max_request_body_size="never",
        include_local_variables=False,
    )


def event(logger: logging.Logger, message: str, **details: str | int) -> None:
    """Write *message* with *details* to *logger* at INFO, and capture it in Sentry where there is a DSN.

    Sentry alone makes an INFO record a breadcrumb of the next error, not an event: one is asked for. The details are
    no part of the message, so that Sentry counts all of a kind as one.
    """
    logger.info("%s (%s)", message, ", ".join(f"{name}={value!r}" for name, value in details.items()), extra=details)
    if settings.SENTRY_DSN:
        import sentry_sdk

        with sentry_sdk.new_scope() as scope:
            scope.set_context("event", dict(details))
            sentry_sdk.capture_message(message, level="info", scope=scope)
