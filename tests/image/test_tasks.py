"""Web, broker, worker, mail: the whole way of a booking."""

import os
import re

import django
import pytest


def free_album(visitor):
    """The address of an album that can be booked."""
    return re.findall(r'href="(/store/[^"]*?\d+/)"', visitor.get("/store/").text)[0]


def test_a_booking_through_the_front_is_confirmed_by_a_worker(visitor, mail_to):
    path = free_album(visitor)
    answer = visitor.post(path, {"name": "Adèle Mornand", "email": "adele@shop.test"})
    assert (answer.status, answer.headers["Location"]) == (302, path)
    assert "Bonjour Adèle Mornand" in mail_to("adele@shop.test")["body"]


@pytest.mark.parametrize("broker", ["RABBITMQ_URL", "REDIS_URL"])
def test_worker_takes_tasks_from_rabbitmq_and_redis(broker, mail_to):
    if broker not in os.environ:
        pytest.skip(f"{broker} is not set: docker-compose.ci.yml runs these tests")
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings.production"
    django.setup()
    from kombu import Connection

    from website.celery import app
    from website.store.models import Album, Booking, Contact

    address = f"{broker.lower()}@shop.test".replace("_", "-")
    contact = Contact.objects.create(name="Bruno", email=address)
    album = Album.objects.filter(available=True, booking=None)[0]
    booking = Booking.objects.create(album=album, contact=contact)
    with Connection(os.environ[broker]) as connection:
        app.send_task("store.confirm_booking", [booking.pk, "en"], connection=connection)
    assert "Hello Bruno" in mail_to(address)["body"]
