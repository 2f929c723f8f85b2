import smtplib
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone, translation

from website import background
from website.store import tasks
from website.store.booking import book, cancel
from website.store.models import Booking

PERSON = {"name": "Adèle <Mornand>", "email": "adele@example.org"}


@pytest.fixture
def booked(make_album):
    """A booking whose mail was never asked for, as nothing is committed here."""
    return book(make_album("Le phare d'en face & co"), **PERSON)


def test_a_booking_is_confirmed_by_mail_once_it_is_committed(make_album, django_capture_on_commit_callbacks, caplog):
    caplog.set_level("INFO")
    with django_capture_on_commit_callbacks(execute=True):
        booking = book(make_album("Le phare d'en face & co"), **PERSON)
        assert mail.outbox == []
    [message] = mail.outbox
    assert message.to == ["adele@example.org"]
    assert message.subject == "Votre réservation : Le phare d'en face & co"
    # A mail is text: nothing in it is escaped for HTML.
    assert "Bonjour Adèle <Mornand>," in message.body
    assert "« Le phare d'en face & co » (référence TEST-1)" in message.body
    booking.refresh_from_db()
    assert booking.confirmed_at is not None
    assert "store.confirm_booking runs in this process: CELERY_BROKER_URL names no broker" in caplog.text


def test_the_mail_is_in_the_language_of_the_visit(make_album, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), translation.override("en"):
        book(make_album("Cale"), **PERSON)
    assert mail.outbox[0].subject == "Your booking: Cale"
    assert "has been put aside for you" in mail.outbox[0].body


def test_task_delivered_twice_sends_one_mail(booked):
    tasks.confirm_booking.delay(booked.pk)
    tasks.confirm_booking.delay(booked.pk)
    assert len(mail.outbox) == 1


def test_a_booking_cancelled_in_the_meantime_is_not_confirmed(booked):
    pk = booked.pk
    cancel(booked)
    tasks.confirm_booking.delay(pk)
    assert mail.outbox == []


def test_unsent_mail_leaves_the_booking_unconfirmed(booked, monkeypatch, caplog):
    def refuse(*args, **kwargs):
        raise smtplib.SMTPServerDisconnected("please run connect() first")

    monkeypatch.setattr(tasks, "send_mail", refuse)
    tasks.confirm_booking.delay(booked.pk)
    assert Booking.objects.get().confirmed_at is None
    assert f"The mail for booking {booked.pk} was not sent: please run connect() first" in caplog.text


@pytest.mark.parametrize(
    ("age", "found"),
    [(timedelta(0), 0), (timedelta(minutes=6), 1), (timedelta(hours=23), 1), (timedelta(hours=25), 0)],
)
def test_lost_confirmation_is_requested_again_within_a_day(booked, age, found, django_capture_on_commit_callbacks):
    Booking.objects.update(created_at=timezone.now() - age)
    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.confirm_forgotten_bookings() == found
    assert len(mail.outbox) == found


def test_queue_error_does_not_fail_a_booking(make_album, django_capture_on_commit_callbacks, monkeypatch, caplog):
    def fail(*arguments: object) -> None:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(background, "_send", fail)
    with django_capture_on_commit_callbacks(execute=True):
        booking = book(make_album(), **PERSON)
    assert Booking.objects.get() == booking
    assert "nobody thought of this" in caplog.text


def test_unreachable_broker_does_not_fail_a_booking(make_album, django_capture_on_commit_callbacks, settings, caplog):
    from website.celery import app

    before = app.conf.broker_url
    app.conf.update(task_always_eager=False, broker_url="amqp://127.0.0.1:1/")
    # The pools, if there are any, know the broker of before.
    app._pool = app.amqp._producer_pool = None
    settings.CELERY_TASK_ALWAYS_EAGER = False
    began = time.monotonic()
    try:
        with django_capture_on_commit_callbacks(execute=True):
            booking = book(make_album(), **PERSON)
        assert time.monotonic() - began < 15, "the visitor does not wait for it"
    finally:
        app.conf.update(task_always_eager=True, broker_url=before)
        app.pool.force_close_all()
        # A closed pool stays closed: the next to ask makes new ones.
        app._pool = app.amqp._producer_pool = None
    assert Booking.objects.get() == booking
    assert "was not queued, the broker does not answer" in caplog.text
