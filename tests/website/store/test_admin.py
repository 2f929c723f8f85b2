import io

import pytest
from django.contrib.admin.sites import site
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from website.store.booking import book
from website.store.models import Album, Artist, Booking, Contact


@pytest.mark.parametrize("model", [Artist, Album, Contact, Booking])
def test_list_of_many_rows_takes_no_more_queries_than_of_one(admin, make_album, model, django_assert_max_num_queries):
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
def test_admin_search_finds_records_by_name_and_mail(admin, shop, model, query, expected):
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


@pytest.fixture
def send_album(admin, settings, tmp_path, django_capture_on_commit_callbacks):
    """A function that sends the admin's form of an album with more fields, and returns the answer."""
    settings.MEDIA_ROOT = tmp_path

    def send(album, **fields):
        artist, _made = Artist.objects.get_or_create(name="Étiage")
        usual = {"title": album.title, "reference": album.reference, "artists": [artist.pk], "available": "on"}
        instant = {"created_at_0": "2026-11-01", "created_at_1": "12:00:00"}
        with django_capture_on_commit_callbacks(execute=True):
            return admin.post(f"/admin/store/album/{album.pk}/change/", {**usual, **instant, **fields})

    return send


def photo(kind="PNG", size=(2000, 1000)):
    buffer = io.BytesIO()
    Image.new("RGB", size, "#a63f1f").save(buffer, kind)
    return SimpleUploadedFile("../../evil.php", buffer.getvalue(), "image/png")


def stored(folder):
    return sorted(file.name for file in folder.rglob("*") if file.is_file())


def test_sleeve_is_stored_as_webp_with_a_thumbnail(send_album, make_album, client, tmp_path):
    album = make_album("Sillage")
    assert send_album(album, upload=photo()).status_code == 302
    album.refresh_from_db()
    for file, size in ((album.picture, (1600, 800)), (album.thumbnail, (480, 480))):
        with Image.open(file.path) as picture:
            assert (picture.format, picture.size) == ("WEBP", size)
    assert f'src="{album.thumbnail.url}"' in client.get("/store/").text
    assert f'src="{album.picture.url}"' in client.get(album.get_absolute_url()).text


def test_files_of_a_sleeve_go_when_it_is_replaced_or_cleared(
    send_album, make_album, tmp_path, django_capture_on_commit_callbacks
):
    album = make_album("Sillage")
    send_album(album, upload=photo())
    first = stored(tmp_path)
    send_album(album)
    assert stored(tmp_path) == first
    send_album(album, upload=photo("JPEG"))
    assert len(stored(tmp_path)) == 2 and not set(stored(tmp_path)) & set(first)
    send_album(album, **{"upload-clear": "on"})
    assert stored(tmp_path) == []
    album.refresh_from_db()
    assert not album.picture and not album.thumbnail
    send_album(album, upload=photo())
    with django_capture_on_commit_callbacks(execute=True):
        Album.objects.get(pk=album.pk).delete()
    assert stored(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"GIF89a" + b"\0" * 100, "Ce n’est pas une image JPEG, PNG ou WebP lisible."),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 10 * 1024 * 1024, "Le fichier dépasse 10 Mio."),
    ],
)
def test_sleeve_that_is_no_picture_or_too_large_is_refused(send_album, make_album, tmp_path, content, reason):
    answer = send_album(make_album("Sillage"), upload=SimpleUploadedFile("a.png", content))
    assert answer.status_code == 200
    assert reason in answer.text
    assert stored(tmp_path) == []


def test_booking_made_by_hand_puts_its_album_aside(admin, make_album, client):
    first, second = make_album("Sillage"), make_album("Cale")
    contact = Contact.objects.create(name="Zoé", email="zoe@example.org")

    def available():
        return set(Album.objects.available().values_list("title", flat=True))

    fields = {"album": first.pk, "contact": contact.pk, "created_at_0": "2026-11-01", "created_at_1": "12:00:00"}
    assert admin.post("/admin/store/booking/add/", fields).status_code == 302
    assert available() == {"Cale"}
    address = f"/admin/store/booking/{Booking.objects.get().pk}/change/"
    assert admin.post(address, {**fields, "album": second.pk}).status_code == 302
    assert available() == {"Sillage"}
    # With the contact its bookings go.
    admin.post(f"/admin/store/contact/{contact.pk}/delete/", {"post": "yes"})
    assert available() == {"Sillage", "Cale"}


def test_album_whose_booking_was_forgotten_is_not_booked_twice(client, make_album):
    album = make_album("Sillage")
    book(album, name="Zoé", email="zoe@example.org")
    Album.objects.update(available=True)
    answer = client.post(album.get_absolute_url(), {"name": "Adèle", "email": "adele@example.org"}, follow=True)
    assert "Trop tard" in answer.text


def test_schedule_that_celery_cannot_read_is_refused(admin):
    fields = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    rest = {"periodictask_set-TOTAL_FORMS": "0", "periodictask_set-INITIAL_FORMS": "0", "timezone": "Europe/Paris"}
    address = "/admin/django_celery_beat/crontabschedule/add/"
    for rubbish in ("-1", "99", "*/0", "x"):
        answer = admin.post(address, {**dict.fromkeys(fields, rubbish), **rest})
        assert answer.status_code == 200
        assert set(answer.context["adminform"].form.errors) == set(fields)
    assert admin.post(address, {**dict.fromkeys(fields, "*"), "minute": "4", **rest}).status_code == 302
