"""The motorcycles without JavaScript: a list with a search, a page for each, and the form to ask about it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from website.api.exceptions import InvalidQuery
from website.motos.enquiries import keep
from website.motos.listing import ListQuery, count, motorcycles
from website.motos.models import Motorcycle, Status
from website.motos.serializers import EnquirySerializer
from website.throttling import sender

__all__ = ["index", "motorcycle"]


class EnquiryForm(forms.Form):
    """The fields of an enquiry. What may stand in them is EnquirySerializer's to say."""

    name = forms.CharField(label=gettext_lazy("Votre nom"), max_length=100)
    email = forms.EmailField(label=gettext_lazy("Votre adresse e-mail"), max_length=254)
    phone = forms.CharField(label=gettext_lazy("Téléphone (facultatif)"), max_length=20, required=False)
    message = forms.CharField(label=gettext_lazy("Votre message"), max_length=2000, widget=forms.Textarea)

    def serializer(self) -> EnquirySerializer | None:
        """The enquiry, ready to be kept; None where something is wrong, which the fields then say."""
        if not self.is_valid():
            return None
        serializer = EnquirySerializer(data=self.cleaned_data)
        if serializer.is_valid():
            return serializer
        for name, errors in serializer.errors.items():
            self.add_error(name if name in self.fields else None, [str(error) for error in errors])
        return None


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The motorcycles that are for sale, newest first, a part at a time; with ``text`` those that match it."""
    asked = request.GET.copy()
    if not asked.get("text", "").strip():
        asked.pop("text", None)
    asked.setlist("status", [Status.AVAILABLE, Status.RESERVED])
    try:
        query = ListQuery.read(asked)
        page = motorcycles(query)
    except InvalidQuery:
        return redirect("motos_plain")
    context = {"page": page, "count": count(query), "text": query.get("text", "")}
    return render(request, "motos/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def motorcycle(request: HttpRequest, pk: int) -> HttpResponse:
    """A motorcycle, and the form to ask about it."""
    found = get_object_or_404(Motorcycle.objects.for_display(), pk=pk)
    form = EnquiryForm(request.POST or None)
    if request.method == "POST" and found.status != Status.SOLD and (enquiry := form.serializer()):
        keep(enquiry, found, sender(request))
        messages.success(request, _("Merci ! Votre message est arrivé, nous vous répondons sous deux jours."))
        return redirect("motorcycle_plain", pk)
    return render(request, "motos/motorcycle.html", {"motorcycle": found, "form": form})
