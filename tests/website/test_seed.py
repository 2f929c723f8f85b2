import re

import pytest
from django.core.management import call_command

from website.motos import demonstration
from website.store.models import Album, Artist, Booking


@pytest.fixture(autouse=True)
def no_motorcycles(monkeypatch):
    """Drawing those takes seconds, and is tested where they are."""
    monkeypatch.setattr(demonstration, "load", lambda: 0)


def test_demonstration_shop_has_fifty_albums_with_artists(shop):
    assert Album.objects.count() >= 50
    assert not Album.objects.filter(artists=None).exists()
    assert not Artist.objects.filter(albums=None).exists()
    for album in Album.objects.all():
        album.full_clean()


def test_demonstration_shop_books_every_unavailable_album(shop):
    booked = set(Booking.objects.values_list("album_id", flat=True))
    assert booked
    assert booked == set(Album.objects.filter(available=False).values_list("pk", flat=True))


def test_seed_fills_an_empty_shop(db, capsys):
    call_command("seed")
    count = Album.objects.count()
    assert re.match(rf"{count} albums loaded\.\n", capsys.readouterr().out)
    assert Album.objects.create(title="Le suivant", reference="SUIVANT").pk > count


def test_seed_leaves_a_shop_with_albums_unchanged(make_album, capsys):
    make_album("Le nôtre")
    call_command("seed")
    assert [album.title for album in Album.objects.all()] == ["Le nôtre"]
    assert "nothing loaded" in capsys.readouterr().out
