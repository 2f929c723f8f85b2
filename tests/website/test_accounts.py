import re

import pytest
from django.contrib.auth.models import User
from django.core import mail


@pytest.fixture
def adele(db):
    return User.objects.create_user("adele", "adele@example.org", "un mot de passe")


@pytest.mark.parametrize("address", ["/", "/store/", "/weather/", "/gallery/", "/nowhere/"])
def test_page_offers_login_and_then_the_account(client, adele, address):
    assert f'href="/login/?next={address}"' in client.get(address).text
    client.force_login(adele)
    text = client.get(address).text
    assert '<a href="/account/password/">adele</a>' in text
    assert 'action="/logout/"' in text


def test_health_page_needs_no_session(client, adele, django_assert_num_queries):
    assert "/login/" not in client.get("/readiness/", headers={"accept": "text/html"}).text


def test_password_is_changed_by_its_owner(client, adele):
    assert client.get("/account/password/").url == "/login/?next=/account/password/"
    client.force_login(adele)
    new = {"new_password1": "une autre phrase", "new_password2": "une autre phrase"}
    assert client.post("/account/password/", {"old_password": "faux", **new}).status_code == 200
    assert client.post("/account/password/", {"old_password": "un mot de passe", **new}).status_code == 302
    adele.refresh_from_db()
    assert adele.check_password("une autre phrase")
    assert "Votre mot de passe est changé." in client.get("/").text


def test_password_is_reset_by_a_link_that_serves_once(client, adele):
    assert client.post("/account/reset/", {"email": "Adele@example.org"}).url == "/login/"
    [link] = re.findall(r"http://testserver(/account/reset/\S+)", mail.outbox[0].body)
    form = client.get(link).url
    new = {"new_password1": "une autre phrase", "new_password2": "une autre phrase"}
    assert client.post(form, new).url == "/login/"
    adele.refresh_from_db()
    assert adele.check_password("une autre phrase")
    assert "Ce lien a déjà servi" in client.get(link).text


def test_reset_tells_no_stranger_who_has_an_account(client, adele):
    known = client.post("/account/reset/", {"email": "adele@example.org"}, follow=True).text
    unknown = client.post("/account/reset/", {"email": "autre@example.org"}, follow=True).text
    assert "un lien vient de lui être envoyé" in known and "un lien vient de lui être envoyé" in unknown
    assert len(mail.outbox) == 1
    answers = [client.post("/account/reset/", {"email": f"{n}@example.org"}).status_code for n in range(4)]
    assert answers == [302, 302, 302, 429]


def test_robots_and_favicon_are_there(client, db):
    assert "Disallow: /admin/" in client.get("/robots.txt").text
    assert client.get("/favicon.ico").url.startswith("/static/website/favicon")
    assert "Écluse" in client.get("/admin/login/").text
