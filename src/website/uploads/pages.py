"""The gallery: a page to upload on and to look at what is there. With JavaScript it asks the API; without, this."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework import authentication, exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from website.api.exceptions import InvalidQuery
from website.pages import form_of
from website.uploads import uploading
from website.uploads.kinds import KINDS
from website.uploads.listing import ListQuery, uploads
from website.uploads.models import Media
from website.uploads.serializers import MOST_TAGS
from website.uploads.views import Upload

__all__ = ["FormUpload", "delete", "gallery"]


@never_cache
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """The uploads of the user, newest first, a part at a time, and the form for more. Staff see everybody's."""
    try:
        query = ListQuery.read(request.GET)
    except InvalidQuery:
        return redirect("gallery:gallery")
    context = {
        "page": uploads(request.user, query),
        "tag": query.get("tag"),
        "may_upload": request.user.is_authenticated or settings.UPLOADS_ANONYMOUS,
        "accept": ",".join([*KINDS, *(f".{extension}" for kind in KINDS.values() for extension in kind.extensions)]),
        "max_bytes": settings.UPLOADS_MAX_BYTES,
        "most_tags": MOST_TAGS,
    }
    return render(request, "uploads/gallery.html", context)


class FormUpload(Upload):
    """An upload by the page's form. The answer, as the API gives it, is shown as a message."""

    def get_authenticators(self) -> list[Any]:
        return [_FormSession()]

    def get(self, request: Request) -> HttpResponse:
        """A visitor who comes by a link, as after a login, is sent to the page."""
        return redirect("gallery:gallery")

    def post(self, request: Request) -> HttpResponse:  # type: ignore[override]
        data: Any = request.data.copy()
        _check_token(request, data.get("csrfmiddlewaretoken", ""))
        data.setlist("tags", [tag for tag in map(str.strip, data.get("tags", "").split(",")) if tag])
        answer = self.receive(request, data)
        messages.success(request._request, _("« %(name)s » est dans la médiathèque.") % {"name": answer["filename"]})
        return redirect("gallery:gallery")

    def handle_exception(self, exc: Exception) -> Response:
        if not isinstance(exc, exceptions.APIException):
            return super().handle_exception(exc)
        if isinstance(exc, exceptions.NotAuthenticated):
            return cast(Response, redirect_to_login(reverse("gallery:gallery")))
        # As the API would tell it.
        problem = super().handle_exception(exc)
        messages.error(self.request._request, problem.data["detail"])
        return cast(Response, redirect("gallery:gallery"))


@form_of("gallery:gallery", login=True)
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete one of one's uploads; anybody's, for staff. Asked twice: it cannot be undone."""
    media = get_object_or_404(Media.objects.visible_to(request.user), pk=pk)
    if "confirmed" not in request.POST:
        return render(request, "uploads/delete.html", {"media": media})
    uploading.remove(media)
    messages.success(request, _("« %(name)s » est supprimé.") % {"name": media})
    return redirect("gallery:gallery")


class _FormSession(authentication.SessionAuthentication):
    """The session alone: the token against forgery stands in the form, which is read once it is known who sends it."""

    def enforce_csrf(self, request: Request) -> None:
        pass


def _check_token(request: Request, token: str) -> None:
    """Raises PermissionDenied for a form that does not come from this site."""
    django_request: Any = request._request
    django_request.META["HTTP_X_CSRFTOKEN"] = token
    django_request._post = django_request.POST.__class__()
    check = authentication.CSRFCheck(lambda request: HttpResponse())
    check.process_request(django_request)
    if check.process_view(django_request, HttpResponse, (), {}) is not None:
        raise exceptions.PermissionDenied(_("Ce formulaire ne vient pas d’ici, ou il est trop vieux. Réessayez."))
