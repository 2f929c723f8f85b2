"""Fixtures of the site's tests."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.core.management.color import no_style
from django.db import connection
from django.test import Client

from website.store.models import Album, Artist, Booking, Contact

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def make_album(db: None) -> Callable[..., Album]:
    """A function that makes an album, by the artists named."""
    made = 0

    def make(title: str = "Cale sèche", *artists: str, **fields: object) -> Album:
        nonlocal made
        made += 1
        album = Album.objects.create(title=title, reference=f"TEST-{made}", **fields)
        album.artists.set(Artist.objects.get_or_create(name=name)[0] for name in artists)
        return album

    return make


@pytest.fixture
def shop(db: None) -> None:
    """The demonstration shop, in bulk: ``loaddata`` saves it row by row, which many tests would wait for."""
    fixture = TOP / "src" / "website" / "store" / "fixtures" / "store.json"
    rows = list(serializers.deserialize("json", fixture.read_text(encoding="utf-8")))
    for model in (Artist, Contact, Album, Booking):
        model.objects.bulk_create(row.object for row in rows if isinstance(row.object, model))
    credits = Album.artists.through
    credits.objects.bulk_create(
        credits(album_id=row.object.pk, artist_id=artist)
        for row in rows
        if isinstance(row.object, Album)
        for artist in row.m2m_data["artists"]
    )
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Artist, Contact, Album, Booking]):
            cursor.execute(statement)


@pytest.fixture
def admin(db: None, client: Client) -> Client:
    """A browser in which a superuser is logged in."""
    client.force_login(User.objects.create_superuser("chef", "chef@example.org", "un mot de passe"))
    return client


@pytest.fixture
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs Python code in a process of its own, with the settings of the tests; *env* is added.

    Fails when the code does, unless *fails* says that it should.
    """

    def run(code: str, *, fails: bool = False, **env: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "SENTRY_"))}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**clean, "PYTHONPATH": f"{TOP / 'src'}:{TOP}", "DJANGO_SETTINGS_MODULE": "settings.travis", **env},
            capture_output=True,
            text=True,
            cwd=TOP,
            timeout=30,
        )
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done

    return run
