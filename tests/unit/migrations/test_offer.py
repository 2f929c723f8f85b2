from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path, re_path

from ecluse.migrations.offer import Offer, lost, offer


def view(request: object, **values: object) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("", view),
    path("shop/", include([path("<int:album>/", view), re_path(r"^feed/(?P<year>[0-9]{4})$", view)])),
]


@override_settings(ROOT_URLCONF=__name__)
def test_offer_has_the_routes_of_included_lists() -> None:
    found = offer()
    assert found is not None
    assert found.pages == {"", "shop/<int>/", "shop/feed/([0-9]{4})"}


def test_offer_has_the_folders_of_static_files(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for file in (own / "a.css", own / "client" / "media" / "b.woff2", other / "main-4f1c.js"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    with override_settings(
        INSTALLED_APPS=["django.contrib.staticfiles"],
        STATICFILES_DIRS=[own, ("client", other)],
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
    ):
        from django.contrib.staticfiles.finders import get_finder

        get_finder.cache_clear()
        found = offer()
        get_finder.cache_clear()
    assert found is not None
    assert found.folders == {"/", "client/", "client/media/"}


@override_settings(ROOT_URLCONF="no.such.module")
def test_offer_that_cannot_be_listed_is_unknown() -> None:
    assert offer() is None
    assert lost(Offer(frozenset({"shop/"})), None) == lost(None, Offer()) == []


def test_offer_travels_as_json() -> None:
    made = Offer(frozenset({"", "shop/"}), frozenset({"client/"}))
    assert Offer.from_json(json.loads(json.dumps(made.as_json()))) == made


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"", "shop/"}, {"", "shop/", "new/"}, []),
        ({"", "shop/", "shop/feed/"}, {"", "shop/"}, ["it lacks pages /shop/feed/"]),
        ({"shop/", "shop/feed/"}, {"shop/feed/"}, ["it lacks pages /shop/"]),
        # A folder of which nothing is left stands for all of it.
        ({"", "admin/", "admin/login/", "admin/shop/add/"}, {""}, ["it lacks pages /admin/"]),
        ({"robots.txt", ""}, {""}, ["it lacks pages /robots.txt"]),
        ({*"abcdefgh"}, set(), ["it lacks pages /a, /b, /c, /d, /e and 3 more"]),
    ],
)
def test_lost_pages_are_named(before: set[str], now: set[str], said: list[str]) -> None:
    assert lost(Offer(frozenset(before)), Offer(frozenset(now))) == said


def test_lost_folders_of_static_files_are_named() -> None:
    before = Offer(folders=frozenset({"motos/", "motos/client/", "motos/client/media/"}))
    assert lost(before, Offer(folders=frozenset({"motos/"}))) == ["it lacks static files in /motos/client/"]
