import datetime
import threading
import time

import pytest
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable

from website.health import dependencies


class Broken(HealthCheck):
    def run(self) -> None:
        raise ServiceUnavailable("no answer from images.internal")


class Slow(HealthCheck):
    # The library grants one second more than this.
    timeout = datetime.timedelta(seconds=-0.9)
    release = threading.Event()

    def run(self) -> None:
        self.release.wait(60)


@pytest.fixture
def slow():
    yield Slow()
    Slow.release.set()


@pytest.mark.django_db(transaction=True)
def test_every_dependency_is_asked(client):
    response = client.get("/healthcheck/")
    assert response.status_code == 200
    assert response.json()["checks"] == {"database": "ok", "cache": "ok", "storage": "ok"}
    assert "release" in response.json()


def test_failed_dependency_is_named_and_its_reason_only_logged(client, monkeypatch, caplog):
    monkeypatch.setitem(dependencies.DEPENDENCIES, "images", Broken())
    monkeypatch.delitem(dependencies.DEPENDENCIES, "database")
    response = client.get("/healthcheck/")
    assert response.status_code == 503
    assert response.json()["checks"] == {"cache": "ok", "storage": "ok", "images": "unavailable"}
    assert "images.internal" in caplog.text


def test_hanging_dependency_is_not_waited_for(monkeypatch, slow):
    monkeypatch.setattr(dependencies, "DEPENDENCIES", {"images": slow})
    started = time.monotonic()
    assert dependencies.run() == {"images": "unavailable"}
    assert time.monotonic() - started < 30


def test_failed_dependency_does_not_affect_readiness(client, db, monkeypatch):
    monkeypatch.setitem(dependencies.DEPENDENCIES, "images", Broken())
    assert client.get("/readiness/").status_code == 200


def test_a_browser_gets_a_page(client, monkeypatch):
    monkeypatch.setattr(dependencies, "DEPENDENCIES", {"images": Broken()})
    response = client.get("/healthcheck/", headers={"accept": "text/html"})
    assert response.status_code == 503
    assert "images" in response.text
    assert "unavailable" in response.text
    assert "<html" in response.text
