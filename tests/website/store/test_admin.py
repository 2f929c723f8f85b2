import pytest
from django.contrib.admin.sites import site

from website.store.booking import book
from website.store.models import Album, Artist, Booking, Contact


@pytest.mark.parametrize("model", [Artist, Album, Contact, Booking])
def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(admin, make_album, model, django_assert_max_num_queries):
    address = f"/admin/store/{model._meta.model_name}/"
    number = 0

    def grow(to: int) -> None:
        nonlocal number
        while number < to:
            number += 1
            album = make_album(f"album {number}", f"artiste {number}", "partagé")
            book(album, name=f"personne {number}", email=f"{number}@example.org")

    grow(1)
    admin.get(address)  # the content types are read once per process
    with django_assert_max_num_queries(15) as few:
        assert admin.get(address).status_code == 200
    grow(8)
    with django_assert_max_num_queries(15) as many:
        assert f"personne {number}" in admin.get(address).text or model in (Artist, Album)
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("model", "query", "expected"),
    [
        ("album", "basalte", "Pierres noires"),
        ("album", "ECL-050", "Pierres noires"),
        ("artist", "étiage", "Étiage"),
        ("booking", "pierres", "Pierres noires"),
        ("contact", "adele@", "Adèle Mornand"),
    ],
)
def test_search_finds_by_what_people_know(admin, shop, model, query, expected):
    book(Album.objects.get(reference="ECL-050"), name="Zoé", email="zoe@example.org")
    page = admin.get(f"/admin/store/{model}/", {"q": query})
    assert expected in page.text
    assert page.context["cl"].result_count < page.context["cl"].full_result_count


@pytest.mark.parametrize(("model", "query"), [("album", "available__exact=0"), ("booking", "contacted__exact=1")])
def test_filters_narrow_a_list(admin, shop, model, query):
    page = admin.get(f"/admin/store/{model}/?{query}")
    assert 0 < page.context["cl"].result_count < page.context["cl"].full_result_count


@pytest.mark.parametrize("model", [Artist, Album, Contact, Booking])
def test_every_form_opens(admin, shop, model):
    instance = model.objects.first()
    assert site.is_registered(model)
    assert admin.get(f"/admin/store/{model._meta.model_name}/{instance.pk}/change/").status_code == 200


def test_an_action_puts_booked_albums_back_on_sale(admin, make_album):
    album = make_album("Sillage")
    booking = book(album, name="Zoé", email="zoe@example.org")
    admin.post("/admin/store/booking/", {"action": "put_back_on_sale", "_selected_action": [booking.pk]})
    assert not Booking.objects.exists()
    assert Album.objects.get(pk=album.pk).available
