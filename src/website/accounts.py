"""The account of a user: the password is changed on a page, and reset by a mail."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import views
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from website import throttling

__all__ = ["Change", "Reset", "SetNew"]


class Change(views.PasswordChangeView):
    """The password of who is logged in."""

    template_name = "website/form.html"
    success_url = reverse_lazy("home")
    extra_context = {"title": gettext_lazy("Changer de mot de passe"), "action": gettext_lazy("Changer")}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Votre mot de passe est changé."))
        return super().form_valid(form)


class Reset(views.PasswordResetView):
    """Asks for a mail with a link. The answer does not show whether there is an account."""

    template_name = "website/form.html"
    success_url = reverse_lazy("login")
    extra_context = {"title": gettext_lazy("Mot de passe oublié"), "action": gettext_lazy("Recevoir un lien")}

    def form_valid(self, form: Any) -> HttpResponse:
        email = throttling.digest(form.cleaned_data["email"].lower())
        throttling.count(throttling.RESET, throttling.sender(self.request), email)
        messages.success(self.request, _("Si un compte a cette adresse, un lien vient de lui être envoyé."))
        return super().form_valid(form)


class SetNew(views.PasswordResetConfirmView):
    """The new password, for who has the link of the mail."""

    template_name = "website/form.html"
    success_url = reverse_lazy("login")
    extra_context = {"action": gettext_lazy("Changer")}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Votre mot de passe est changé : connectez-vous."))
        return super().form_valid(form)
