from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

__all__ = ["BookingForm", "SearchForm"]


class BookingForm(forms.Form):
    """The person who books. The fields say what they are for, so that the browser can fill them in."""

    name = forms.CharField(label=_("Votre nom"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label=_("Votre adresse e-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class SearchForm(forms.Form):
    query = forms.CharField(label=_("Titre ou artiste"), max_length=100)
