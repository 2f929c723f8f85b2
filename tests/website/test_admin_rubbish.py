"""The admin's forms, sent what no form of its own would send: each is refused, none ends in a 500."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.db.models import Model
from django.test import Client

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: str(model._meta.label))
RUBBISH = ("", "a\x00b", "9" * 400, "é" * 5000, "NaN", "[]", "-1")


@pytest.fixture
def staff(client: Client, django_user_model: Any) -> Client:
    client.force_login(django_user_model.objects.create_superuser("staff", password="only for tests"))
    return client


def address(model: type[Model], page: str = "") -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{page}"


def values(form: forms.BaseForm, rubbish: str, prefix: str = "") -> dict[str, str]:
    """*rubbish* for each field of *form*, also for those that have two or three inputs."""
    return {f"{prefix}{name}{part}": rubbish for name in form.fields for part in ("", "_0", "_1", "_day", "-clear")}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model._meta.label))
def test_admin_form_refuses_rubbish(staff: Client, model: type[Model]) -> None:
    page = staff.get(address(model, "add/"))
    if page.status_code == 403:
        pytest.skip("nobody may add one")
    form = page.context["adminform"].form
    for rubbish in RUBBISH:
        data = values(form, rubbish)
        for formset in (one.formset for one in page.context["inline_admin_formsets"]):
            data |= {f"{formset.prefix}-TOTAL_FORMS": "1", f"{formset.prefix}-INITIAL_FORMS": "0"}
            data |= values(formset.empty_form, rubbish, f"{formset.prefix}-0-")
        assert staff.post(address(model, "add/"), data).status_code in (200, 302, 400), rubbish


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model._meta.label))
def test_admin_list_refuses_rubbish(staff: Client, model: type[Model]) -> None:
    filters = [one if isinstance(one, str) else one[0] for one in admin.site._registry[model].list_filter]
    for rubbish in ("a\x00b", "9" * 400):
        for name in ("q", "p", *filters, *(f"{one}__exact" for one in filters)):
            assert staff.get(address(model), {name: rubbish}).status_code in (200, 302, 400), (name, rubbish)
        assert staff.get(address(model, f"{rubbish[:50]}/change/")).status_code in (302, 400, 404), rubbish
