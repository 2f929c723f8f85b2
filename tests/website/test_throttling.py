"""Limits: every door counts together, also where requests come at the same instant."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from website import throttling
from website.models import Attempt
from website.motos.models import Brand, Model, Motorcycle
from website.store.models import Album
from website.throttling import LOGIN, TooOften
from website.uploads.models import Media

WRONG = {"username": "chef", "password": "deviné"}
PARALLEL = 16


def login(client: Client) -> int:
    return client.post("/login/", WRONG).status_code


def admin_login(client: Client) -> int:
    return client.post("/admin/login/", WRONG).status_code


def api_login(client: Client) -> int:
    client.get("/api/motos/session/")
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value}
    return client.post("/api/motos/session/", WRONG, "application/json", headers=headers).status_code


DOORS = (login, admin_login, api_login)


@pytest.fixture
def at_once() -> Callable[[Callable[[int], int]], Counter[int]]:
    """A function that makes PARALLEL requests at the same instant, each with its number, and counts the answers."""

    def run(ask: Callable[[int], int]) -> Counter[int]:
        ready = threading.Barrier(PARALLEL)

        def one(number: int) -> int:
            try:
                connection.ensure_connection()
                ready.wait(30)
                return ask(number)
            finally:
                connection.close()

        with ThreadPoolExecutor(PARALLEL) as pool:
            return Counter(pool.map(one, range(PARALLEL)))

    return run


def test_login_attempts_count_at_all_doors_together(client, db):
    answers = [DOORS[number % 3](client) for number in range(10)]
    assert set(answers) == {200, 403}
    assert [door(client) for door in DOORS] == [429, 429, 429]
    refused = client.post("/login/", WRONG)
    assert 0 < int(refused["Retry-After"]) <= 60
    assert "Réessayez dans 1 minute." in refused.text


def test_right_password_waits_like_a_wrong_one(client, db):
    User.objects.create_user("chef", password="un mot de passe")
    for _ in range(10):
        login(client)
    answer = client.post("/login/", {"username": "chef", "password": "un mot de passe"})
    assert answer.status_code == 429
    assert "_auth_user_id" not in client.session
    Attempt.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    assert client.post("/login/", {"username": "chef", "password": "un mot de passe"}).status_code == 302


def test_login_attempts_of_another_address_have_room(client, db):
    for _ in range(11):
        login(client)
    assert login(Client(REMOTE_ADDR="192.0.2.7")) == 200


def test_sender_of_ipv6_is_its_network(rf: RequestFactory):
    def sender(address: str) -> str:
        return throttling.sender(rf.get("/", REMOTE_ADDR=address))

    assert sender("2001:db8:1:2::1") == sender("2001:db8:1:2:ffff::9") != sender("2001:db8:1:3::1")
    assert sender("::ffff:192.0.2.1") == sender("192.0.2.1") != sender("192.0.2.2")
    assert "192.0.2.1" not in sender("192.0.2.1")


def test_authentication_without_request_counts_nothing(db):
    for _ in range(12):
        authenticate(username="chef", password="deviné")
    assert not Attempt.objects.exists()


def test_attempt_refused_for_one_sender_counts_for_none(db):
    for _ in range(LOGIN.most):
        throttling.count(LOGIN, "a")
    with pytest.raises(TooOften):
        throttling.count(LOGIN, "b", "a")
    assert not Attempt.objects.filter(sender="b").exists()


def test_forgotten_attempts_are_those_no_limit_counts(db):
    throttling.count(throttling.BOOKING, "a")
    throttling.count(LOGIN, "b")
    Attempt.objects.filter(sender="b").update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
    assert throttling.forget() == 1
    assert [attempt.sender for attempt in Attempt.objects.all()] == ["a"]


def test_bookings_of_one_address_and_of_one_mail_are_limited(client, make_album):
    def book(number: int, client: Client, email: str) -> int:
        album = make_album(f"album {number}")
        return client.post(album.get_absolute_url(), {"name": "Adèle", "email": email}).status_code

    assert [book(n, client, f"visiteur{n}@example.org") for n in range(11)] == [302] * 10 + [429]
    assert Album.objects.filter(available=False).count() == 10
    others = [Client(REMOTE_ADDR=f"192.0.2.{n}") for n in range(11)]
    assert [book(n, others[n], "Victime@example.org") for n in range(11)] == [302] * 10 + [429]


@pytest.fixture
def clients(transactional_db: None) -> Iterator[list[Client]]:
    """A browser for each of the parallel requests."""
    yield [Client() for _ in range(PARALLEL)]


def test_parallel_logins_hold_the_limit(clients, at_once):
    for client in clients:
        client.get("/api/motos/session/")
    answers = at_once(lambda number: DOORS[number % 3](clients[number]))
    assert answers[429] == PARALLEL - LOGIN.most


def test_parallel_bookings_hold_the_limit(clients, at_once):
    albums = [Album.objects.create(title=f"album {n}", reference=f"TEST-{n}") for n in range(PARALLEL)]
    answers = at_once(
        lambda n: clients[n].post(albums[n].get_absolute_url(), {"name": "A", "email": f"{n}@example.org"}).status_code
    )
    assert answers == {302: 10, 429: PARALLEL - 10}
    assert Album.objects.filter(available=False).count() == 10


def test_parallel_enquiries_hold_the_limit(clients, at_once):
    brand = Brand.objects.create(name="Kestrel", slug="kestrel")
    model = Model.objects.create(brand=brand, name="Gannet")
    motorcycle = Motorcycle.objects.create(
        model=model, year=2020, price_cents=1, mileage_km=1, engine_cc=1, power_kw=1, colour="rouge"
    )
    body = {"name": "Adèle", "email": "adele@example.org", "message": "Visible ?"}
    address = f"/api/motos/motorcycles/{motorcycle.pk}/enquiries/"
    for client in clients:
        client.get("/api/motos/session/")

    def ask(number: int) -> int:
        client = clients[number]
        headers = {"X-CSRFToken": client.cookies["csrftoken"].value}
        return client.post(address, body, "application/json", headers=headers).status_code

    assert at_once(ask) == {201: 5, 429: PARALLEL - 5}
    assert motorcycle.enquiries.count() == 5


def test_parallel_uploads_hold_limit_and_quota(clients, at_once, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.UPLOADS_ANONYMOUS = True
    settings.UPLOADS_PER_HOUR = 12
    content = b"%PDF-1.7\n"
    # Anonymous uploads share one quota: of the twelve that the limit lets through, five fit.
    settings.UPLOADS_QUOTA_BYTES = 5 * len(content)
    for client in clients:
        client.get("/api/motos/session/")

    def ask(number: int) -> int:
        client = clients[number]
        headers = {"X-CSRFToken": client.cookies["csrftoken"].value}
        return client.post("/upload/", {"file": SimpleUploadedFile("a.pdf", content)}, headers=headers).status_code

    assert at_once(ask) == {201: 5, 400: 7, 429: PARALLEL - 12}
    assert Media.objects.count() == 5
