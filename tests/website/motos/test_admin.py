import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from website.motos import pictures
from website.motos.models import Enquiry, Picture


@pytest.mark.parametrize("name", ["brand", "model", "motorcycle", "enquiry"])
def test_the_lists_of_the_admin_are_shown_and_searched(admin, make_motorcycle, photo, name):
    moto = make_motorcycle(description="Révisée")
    pictures.add(moto, pictures.prepare(photo()), "De profil")
    Enquiry.objects.create(motorcycle=moto, name="Adèle", email="a@example.org", message="?", sender="x")
    page = admin.get(reverse(f"admin:motos_{name}_changelist"), {"q": "e"})
    assert page.status_code == 200
    if name == "motorcycle":
        assert "-thumbnail.webp" in page.text
        assert 'alt="De profil"' in page.text


@pytest.mark.parametrize("name", ["motorcycle", "enquiry"])
def test_admin_list_uses_a_constant_number_of_queries(admin, make_motorcycle, photo, name):
    rendition = pictures.prepare(photo())

    def queries(number):
        moto = make_motorcycle(f"Brand{number} Model")
        pictures.add(moto, rendition, "De profil")
        Enquiry.objects.create(motorcycle=moto, name="Adèle", email="a@example.org", message="?", sender="x")
        with CaptureQueriesContext(connection) as captured:
            assert f"Brand{number} Model" in admin.get(reverse(f"admin:motos_{name}_changelist")).text
        return len(captured)

    queries(0)  # what is asked once: content types, the session
    counts = [queries(number) for number in range(1, 6)]
    assert counts == counts[:1] * 5


def form(moto, **pictures_fields):
    values = {field: getattr(moto, field) for field in ("year", "price_cents", "currency", "mileage_km", "engine_cc")}
    values |= {"model": moto.model_id, "power_kw": 35, "colour": "rouge", "status": "available", "description": ""}
    values |= {"pictures-TOTAL_FORMS": 1, "pictures-INITIAL_FORMS": 0}
    return values | pictures_fields


def test_picture_added_in_the_admin_is_checked_like_an_upload(admin, make_motorcycle, photo):
    moto = make_motorcycle()
    address = reverse("admin:motos_motorcycle_change", args=[moto.pk])
    fields = {"pictures-0-alternative_text": "De profil", "pictures-0-position": 0}
    fake = photo()
    fake.file.truncate(100)
    refused = admin.post(address, form(moto, **fields, **{"pictures-0-upload": fake}))
    assert refused.status_code == 200
    assert not Picture.objects.exists()
    taken = admin.post(address, form(moto, **fields, **{"pictures-0-upload": photo("PNG")}))
    assert taken.status_code == 302, taken.text
    assert Picture.objects.get().image.name.endswith(".webp")
    assert "-thumbnail.webp" in admin.get(address).text
