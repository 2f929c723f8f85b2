from datetime import UTC, datetime, timedelta

import pytest
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import F
from django.test import Client

from website.store.models import Album, Artist
from website.store.views import PER_PAGE

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def titles(response) -> list[str]:
    context = response.context
    return [album.title for album in (context["page"].object_list if "page" in context else context["albums"])]


def test_shop_shows_the_twelve_newest_available_albums(client, make_album):
    for day in range(15):
        make_album(f"jour {day}", created_at=NOON + timedelta(days=day), available=day != 13)
    expected = [f"jour {day}" for day in (14, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)]
    assert titles(client.get("/store/")) == expected


def test_an_empty_shop_says_so(client, db):
    response = client.get("/store/")
    assert response.status_code == 200
    assert "Aucun album pour l&#x27;instant" in response.text or "Aucun album pour l’instant" in response.text


def test_pages_list_each_album_once_even_with_equal_times(client, make_album):
    for number in range(2 * PER_PAGE + 3):
        make_album(f"album {number}", created_at=NOON, available=number % 2 == 0)
    with connection.cursor() as cursor:
        # The planner may do so at any time: an index would give an order that nobody asked for.
        cursor.execute("SET LOCAL enable_indexscan = off")
    seen = []
    for page in (1, 2, 3):
        seen += titles(client.get("/store/albums/", {"page": page}))
        # PostgreSQL now finds these last, as after any change to them.
        Album.objects.filter(title__in=seen).update(title=F("title"))
    assert sorted(seen) == sorted(f"album {number}" for number in range(2 * PER_PAGE + 3))


@pytest.mark.parametrize("page", ["0", "-1", "999", "abc", "1\x00"])
def test_page_number_out_of_range_shows_an_existing_page(client, make_album, page):
    make_album("seul")
    assert titles(client.get("/store/albums/", {"page": page})) == ["seul"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("cheapest", ["Étiage", "barge", "Aval"]),
        ("dearest", ["barge", "Étiage", "Aval"]),
        ("title", ["Aval", "barge", "Étiage"]),
        ("price; DROP", ["Étiage", "barge", "Aval"]),
    ],
)
def test_list_and_search_are_sorted_as_asked(client, make_album, sort, expected):
    for day, (title, price) in enumerate([("Aval", None), ("barge", "30"), ("Étiage", "9.90")]):
        make_album(title, "Péniche 77", price=price, created_at=NOON + timedelta(days=day))
    assert titles(client.get("/store/albums/", {"sort": sort})) == expected
    assert titles(client.get("/store/search/", {"query": "péniche", "sort": sort})) == expected


def test_price_is_written_as_the_language_does(client, make_album):
    address = make_album("Sillage", price="24.00").get_absolute_url()
    assert "24\u00a0€" in client.get(address).text
    assert "€24<" in client.get(address, headers={"accept-language": "en"}).text


def test_pages_link_to_the_next_and_the_previous_one(client, shop):
    pages = Paginator(Album.objects.all(), PER_PAGE).num_pages
    assert pages > 2
    first, second, last = (client.get("/store/albums/", {"page": page}).text for page in (1, 2, pages))
    assert 'href="?page=2"' in first and 'rel="prev"' not in first
    assert 'href="?page=1"' in second and 'href="?page=3"' in second
    assert 'rel="next"' not in last


def test_an_album_has_its_page_with_artists_reference_and_form(client, make_album):
    album = make_album("Cordes mouillées", "Quatuor Ferrasse", "Iris Montavel")
    page = client.get(album.get_absolute_url()).text
    for text in ("Cordes mouillées", "Quatuor Ferrasse", "Iris Montavel", album.reference, 'name="email"'):
        assert text in page


def test_a_booked_album_has_a_page_without_form(client, make_album):
    page = client.get(make_album("Parti", available=False).get_absolute_url()).text
    assert "Cet album est réservé" in page
    assert 'name="email"' not in page


@pytest.mark.parametrize("pk", ["999999", "99999999999999999999999999"])
def test_an_album_that_is_not_there_is_not_found(client, db, pk):
    response = client.get(f"/store/albums/{pk}/")
    assert response.status_code == 404
    assert "Ce bras de rivière" in response.text


def test_typed_text_is_escaped(client, make_album):
    album = make_album("<script>alert(1)</script>", "<b>")
    for address in ("/store/", "/store/albums/", album.get_absolute_url(), "/store/search/?query=<script>"):
        assert "<script>" not in client.get(address).text


def test_an_uploaded_picture_is_shown_in_place_of_the_drawing(client, make_album):
    make_album("Photographié", picture="albums/photo.jpg")
    page = client.get("/store/").text
    assert '<img class="cover" src="/media/albums/photo.jpg" alt=""' in page
    assert '<svg class="cover"' not in page


def test_a_drawn_sleeve_follows_from_the_reference_alone():
    from website.store.templatetags.covers import cover

    assert cover(Album(title="a", reference="ECL-1")) == cover(Album(title="b", reference="ECL-1"))
    assert len({cover(Album(reference=f"ECL-{number}")) for number in range(60)}) == 60


@pytest.mark.parametrize("address", ["/store/", "/store/albums/", "/store/search/?query=a"])
def test_list_uses_a_constant_number_of_queries(client: Client, make_album, address, django_assert_max_num_queries):
    for number in range(12):
        make_album(f"album {number}", f"artiste {number}", "partagé")
    with django_assert_max_num_queries(3) as many:
        client.get(address)
    Album.objects.filter(pk__in=list(Album.objects.values_list("pk", flat=True)[2:])).delete()
    with django_assert_max_num_queries(3) as few:
        client.get(address)
    assert len(few) == len(many)


def test_an_artist_is_named_as_written():
    assert str(Artist(name="Étiage")) == "Étiage"
