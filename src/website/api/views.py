"""The description of the APIs, for programs and for people."""

from __future__ import annotations

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.http import require_safe

__all__ = ["description", "problems", "redoc", "swagger"]


def description(request: HttpRequest) -> HttpResponse:
    """/schema/: OpenAPI 3, YAML or JSON as asked for."""
    # Imported when first asked for: the site starts faster without what reads the views.
    from drf_spectacular.views import SpectacularAPIView

    view = SpectacularAPIView.as_view()
    # Help texts of forms stand in it. One document, in the language of the rest of it, for every reader.
    with override("en"):
        answer: HttpResponse = view(request)
    return answer


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    return render(request, "api/swagger.html")


@require_safe
# Redoc styles itself with style elements and searches in a worker that it makes from a blob.
@csp_update({"style-src": ["'unsafe-inline'"], "worker-src": ["blob:"]})
def redoc(request: HttpRequest) -> HttpResponse:
    return render(request, "api/redoc.html")


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """The page that explains the ``type`` of a problem."""
    return render(request, "api/problems.html")
