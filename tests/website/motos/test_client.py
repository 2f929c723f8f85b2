import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from website.motos import client as pages

TOP = Path(__file__).resolve().parents[3]


@pytest.fixture
def built(monkeypatch, tmp_path):
    index = tmp_path / "index.html"
    index.write_text("<!doctype html><title>Motos</title>", encoding="utf-8")
    monkeypatch.setattr(pages, "BUILT", index)
    pages._read.cache_clear()
    yield index
    pages._read.cache_clear()


def test_client_addresses_serve_one_page_that_is_revalidated(client, built):
    answers = [client.get(path) for path in ("/motos/", "/motos/moto/7", "/motos/staff/edit/7?created=1")]
    for answer in answers:
        assert answer.content == built.read_bytes()
        assert "no-cache" in answer["Cache-Control"]
        assert "script-src 'self'" in answer["Content-Security-Policy"]
    again = Client().get("/motos/", headers={"If-None-Match": answers[0]["ETag"]})
    assert again.status_code == 304


def test_browser_without_scripts_is_sent_to_a_page_of_the_site(client, built):
    built.write_text('<noscript><meta content="0; url=/motos/plain/"></noscript>', encoding="utf-8")
    assert "url=/motos/plain/7/" in client.get("/motos/moto/7").text
    pages._read.cache_clear()
    assert 'url=/motos/plain/"' in client.get("/motos/").text


def test_client_page_sets_the_csrf_cookie(client, built):
    assert client.get("/motos/").cookies["csrftoken"].value


def test_missing_client_build_is_a_503_that_says_so(client, monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "BUILT", tmp_path / "missing.html")
    pages._read.cache_clear()
    answer = client.get("/motos/")
    pages._read.cache_clear()
    assert answer.status_code == 503
    assert "npm run build" in answer.text


def test_openapi_file_of_the_client_matches_the_api(tmp_path):
    """Renew it: manage.py spectacular --format openapi-json --file docs/reference/openapi.json; npm run api."""
    call_command("spectacular", "--format", "openapi-json", "--validate", "--file", tmp_path / "openapi.json")
    kept = TOP / "docs" / "reference" / "openapi.json"
    if not kept.exists():
        pytest.skip("no docs here: the image holds the site alone")
    assert json.loads((tmp_path / "openapi.json").read_text()) == json.loads(kept.read_text())


def test_client_lock_file_names_no_download_address():
    lock = TOP / "frontend" / "package-lock.json"
    if not lock.exists():
        pytest.skip("no frontend here: the image holds the site alone")
    packages = json.loads(lock.read_text())["packages"]
    assert packages
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all("integrity" in package for name, package in packages.items() if name)


@pytest.mark.parametrize("path", ["main-6TFFI3N6.js", "chunk-D0ujv9v_.js", "chunk-D-gYwGvI.js", "styles-IMKFGFTB.css"])
def test_only_hashed_client_files_are_cached_for_ever(settings, path):
    test = re.compile(settings.WHITENOISE_IMMUTABLE_FILE_TEST)
    assert test.search(f"/static/motos/client/{path}")
    assert test.search("/static/website/site.0123456789ab.css")
    assert not test.search("/static/motos/client/index.html")
    assert not test.search("/static/other/some-standard.js")
