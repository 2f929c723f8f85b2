import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client

from website.store.booking import AlreadyBooked, book, cancel
from website.store.models import Album, Booking, Contact

PERSON = {"name": "Adèle Mornand", "email": "adele@example.org"}


def test_booking_reserves_the_album_and_redirects_to_its_page(client, make_album):
    album = make_album("Sillage")
    response = client.post(album.get_absolute_url(), PERSON)
    assert (response.status_code, response.url) == (302, album.get_absolute_url())
    page = client.get(response.url).text
    assert "nous vous écrirons" in page
    # Who booked it is told so for as long as the session lasts; others only that it is gone.
    assert "Cet album vous attend" in client.get(response.url).text
    assert "Cet album est réservé" in Client().get(response.url).text
    booking = Booking.objects.get(album=album)
    assert (booking.contact.name, booking.contact.email) == ("Adèle Mornand", "adele@example.org")
    assert not booking.contacted
    assert not Album.objects.get(pk=album.pk).available


def test_visitor_sees_and_cancels_only_own_bookings(client, make_album):
    mine, other = make_album("Sillage", price="24.50"), make_album("Calme plat")
    client.post(mine.get_absolute_url(), PERSON)
    theirs = book(other, name="Bruno", email="bruno@example.org")
    page = client.get("/store/bookings/").text
    assert "Sillage" in page and "24,50\u00a0€" in page and "Calme plat" not in page
    client.post(f"/store/bookings/{theirs.pk}/cancel/")
    assert Booking.objects.filter(pk=theirs.pk).exists()
    cancelled = client.post(f"/store/bookings/{Booking.objects.get(album=mine).pk}/cancel/", follow=True)
    assert "est annulée" in cancelled.text
    assert Album.objects.get(pk=mine.pk).available


def test_account_sees_bookings_under_its_address(client, make_album):
    book(make_album("Sillage"), **PERSON)
    client.force_login(User.objects.create_user("adele", email="Adele@example.org"))
    assert "Sillage" in client.get("/store/bookings/").text
    client.force_login(User.objects.create_user("nobody"))
    assert "Sillage" not in client.get("/store/bookings/").text


def test_a_booked_album_cannot_be_booked_again(client, make_album):
    album = make_album("Sillage")
    client.post(album.get_absolute_url(), PERSON)
    response = client.post(album.get_absolute_url(), {"name": "Bruno", "email": "bruno@example.org"}, follow=True)
    assert "Trop tard" in response.text
    assert [booking.contact.name for booking in Booking.objects.all()] == ["Adèle Mornand"]
    assert not Contact.objects.filter(email="bruno@example.org").exists()


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("email", ""), ("email", "adele"), ("name", "x" * 201), ("name", "a\x00b")]
)
def test_invalid_booking_form_returns_with_the_reason(client, make_album, field, value):
    album = make_album("Sillage")
    response = client.post(album.get_absolute_url(), {**PERSON, field: value})
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.text
    assert 'class="errorlist"' in response.text
    assert Album.objects.get(pk=album.pk).available


def test_address_in_another_letter_case_is_the_same_contact(make_album):
    first, second = make_album("un"), make_album("deux")
    book(first, name="Adèle Mornand", email="adele@example.org")
    book(second, name="Quelqu'un d'autre", email="Adele@Example.org")
    # A stranger who knows the address cannot give the person another name.
    assert [str(contact) for contact in Contact.objects.all()] == ["Adèle Mornand"]


def test_database_refuses_a_second_booking_or_contact(make_album):
    booking = book(make_album("Sillage"), **PERSON)
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.create(album=booking.album, contact=booking.contact)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.create(name="Adèle", email="ADELE@example.org")


def test_a_booking_that_fails_half_way_leaves_nothing_behind(make_album, monkeypatch):
    album = make_album("Sillage")

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Album, "save", fail)
    with pytest.raises(RuntimeError):
        book(album, **PERSON)
    assert not Booking.objects.exists()
    assert not Contact.objects.exists()


def test_a_cancelled_booking_gives_the_album_back(make_album):
    album = make_album("Sillage")
    cancel(book(album, **PERSON))
    assert list(Album.objects.available()) == [album]
    assert book(album, **PERSON).album == album


def test_a_booked_album_cannot_be_made_available_by_hand(make_album):
    album = make_album("Sillage")
    book(album, **PERSON)
    album.available = True
    with pytest.raises(ValidationError, match="supprimez"):
        album.full_clean()


@pytest.mark.django_db(transaction=True)
def test_concurrent_bookings_give_the_album_to_one_person():
    album = Album.objects.create(title="Sillage", reference="COURSE-1")
    people, start = 2, threading.Barrier(2)

    def race(number: int) -> str:
        try:
            start.wait(5)
            book(Album.objects.get(pk=album.pk), name=f"personne {number}", email=f"{number}@example.org")
        except AlreadyBooked:
            return "too late"
        else:
            return "booked"
        finally:
            connection.close()

    with ThreadPoolExecutor(people) as threads:
        assert sorted(threads.map(race, range(people))) == ["booked", "too late"]
    assert Booking.objects.count() == 1
    assert Contact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_second_booking_waits_for_the_first_transaction():
    """The race above may be won before it starts. Here the first holds the album until the second waits for it."""
    album = Album.objects.create(title="Sillage", reference="COURSE-2")

    def second() -> str:
        try:
            book(album, name="seconde", email="seconde@example.org")
        except AlreadyBooked:
            return "too late"
        finally:
            connection.close()
        return "booked"

    deadline = time.monotonic() + 10
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            book(album, name="première", email="premiere@example.org")
            outcome = thread.submit(second)
            while not somebody_waits_for_us():
                assert not outcome.done(), "the second did not wait for the first"
                assert time.monotonic() < deadline
        assert outcome.result(5) == "too late"
    assert Booking.objects.get().contact.name == "première"


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])
