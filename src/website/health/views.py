"""/readiness/ and /healthcheck/: JSON for programs, HTML for a browser; 200 when all is well, 503 when not.

The checks of /healthcheck/ are django-health-check's. Its view is not used: it answers HTML by default, and 500.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from website.health.migrations import unapplied

__all__ = ["healthcheck", "readiness"]

logger = logging.getLogger(__name__)

OK = "ok"


@require_safe
@never_cache
@vary_on_headers("Accept")
def readiness(request: HttpRequest) -> HttpResponse:
    """Whether this process may be given requests: the database answers and has every migration. A rollout's gate."""
    checks = {"database": OK, "migrations": OK}
    try:
        missing = unapplied()
    except DatabaseError as error:
        # What went wrong, with host and user names, is for the log alone.
        logger.warning("Not ready: the database does not answer: %s", error)
        checks = {"database": "does not answer", "migrations": "unknown"}
    else:
        if missing:
            checks["migrations"] = f"missing: {', '.join(missing)}"
    return _answer(request, "website/health/readiness.html", checks)


@require_safe
@never_cache
@vary_on_headers("Accept")
def healthcheck(request: HttpRequest) -> HttpResponse:
    """Every dependency, for people and monitoring. Gates nothing: one that is slow must not take the site away."""
    # Imported when first asked for: it brings asyncio and a DNS library, which the rest of the site can start without.
    from website.health.dependencies import run

    return _answer(request, "website/health/healthcheck.html", run())


def _answer(request: HttpRequest, template: str, checks: Mapping[str, str]) -> HttpResponse:
    well = all(outcome == OK for outcome in checks.values())
    context = {"status": OK if well else "unavailable", "release": settings.RELEASE_ID, "checks": checks}
    status = 200 if well else 503
    if request.get_preferred_type(["application/json", "text/html"]) == "text/html":
        response = render(request, template, context, status=status)
    else:
        response = JsonResponse(context, status=status)
    # Django would log a 503 as an error, which Sentry makes an event: one for every probe while the database is away.
    # The view has said what is wrong; this is how django.utils.log.log_response knows it.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
