import pytest


def test_ping_answers_whatever_the_host_and_touches_no_database(client):
    # No `db` fixture: pytest-django refuses every query.
    response = client.get("/ping/", headers={"host": "10.0.0.7:8000"})
    assert (response.status_code, response.text) == (200, "pong\n")
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies


def test_readiness_with_an_unknown_host_is_refused(client, db):
    assert client.get("/readiness/", headers={"host": "10.0.0.7:8000"}).status_code == 400


@pytest.mark.parametrize("path", ["/ping/", "/readiness/", "/healthcheck/"])
def test_probe_over_plain_http_is_not_redirected(client, db, settings, path):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(path).status_code == 200
    assert client.get("/").status_code == 301
