"""Every page has a language, a policy and a link to its content; and the pages for errors."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError, connection
from django.test import Client
from django.urls import path

from website import outage, urls

PAGES = [
    "/",
    "/store/",
    "/store/albums/",
    "/store/albums/1/",
    "/store/search/",
    "/store/search/?query=eau",
    "/nowhere/",
]


def refuse(request):
    raise PermissionDenied


def misunderstand(request):
    raise SuspiciousOperation


def fail(request):
    raise RuntimeError


def ask_a_database(request):
    raise OperationalError("terminating connection due to administrator command")


class Away:
    """The connections of a process whose database has ended."""

    connection = object()

    def all(self, initialized_only):
        return [self]

    def is_usable(self):
        return False


class BrokenUrls:
    urlpatterns = [
        *(path("403/", refuse), path("400/", misunderstand), path("500/", fail)),
        *(path("away/", ask_a_database), path("api/away/", ask_a_database)),
        *urls.urlpatterns,
    ]
    handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


@pytest.mark.parametrize("page", PAGES)
def test_page_is_complete_and_has_no_inline_script(client, shop, page):
    text = client.get(page).text
    assert '<html lang="fr">' in text
    assert text.count("<h1") == 1
    assert text.count('<main id="content"') == 1
    assert '<a class="skip" href="#content">' in text
    assert re.search(r"<title>\s*\S.* · Écluse</title>|<title>Écluse", text)
    assert not re.search(r"<style|<script|\sstyle=|\son[a-z]+=|javascript:", text)
    # Nothing from elsewhere: the only absolute addresses are the names of formats.
    assert not re.search(r'(src|href|action)="(https?:)?//', text)
    for field in re.findall(r"<input (?!type=\"hidden\")[^>]*>", text):
        [name] = re.findall(r'\sid="([^"]+)"', field)
        assert f'for="{name}"' in text, field


def test_the_home_page_leads_to_the_applications_that_there_are(client):
    text = client.get("/").text
    assert 'href="/store/"' in text


def test_content_policy_allows_only_this_site(client, db):
    policy = dict(part.strip().split(" ", 1) for part in client.get("/store/")["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not any("unsafe" in value or "*" in value or "http" in value for value in policy.values())


def test_security_headers_are_set(client, db):
    response = client.get("/store/")
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.urls(BrokenUrls())
@pytest.mark.parametrize(
    ("code", "words"),
    [(400, "Le site n’a pas compris"), (403, "Cette porte est fermée"), (404, "Ce bras de rivière")],
)
def test_error_page_is_styled_like_the_site(client, code, words):
    response = client.get(f"/{code}/")
    assert response.status_code == code
    assert words in response.text.replace("&#x27;", "'")


@pytest.mark.urls(BrokenUrls())
@pytest.mark.parametrize("page", ["/away/", "/api/away/"])
def test_database_that_is_away_is_503_and_says_when_to_return(client, monkeypatch, page):
    client.raise_request_exception = False
    monkeypatch.setattr(outage, "connections", Away())
    response = client.get(page)
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (503, "10", "no-store")
    text = response.json()["detail"] if page.startswith("/api/") else response.text
    assert "La base de données redémarre." in text


@pytest.mark.urls(BrokenUrls())
def test_database_that_answers_leaves_its_error_a_500(client, db):
    client.raise_request_exception = False
    connection.ensure_connection()
    response = client.get("/away/")
    assert response.status_code == 500 and "Retry-After" not in response


@pytest.mark.urls(BrokenUrls())
def test_server_error_page_needs_no_other_file(client, monkeypatch):
    client.raise_request_exception = False
    response = client.get("/500/")
    assert response.status_code == 500
    assert "La vanne s" in response.text
    assert "static" not in response.text
    assert response["X-Request-ID"] in response.text
    [style] = re.findall("<style>(.*?)</style>", response.text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}'" in response["Content-Security-Policy"].split("; ")


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/logout/", "/"),
        ("/store/bookings/7/cancel/", "/store/bookings/"),
        ("/gallery/upload/", "/gallery/"),
        ("/gallery/8e03978e-40d5-43e8-bc93-6894a57f9324/delete/", "/gallery/"),
        ("/weather/add/", "/weather/"),
        ("/weather/7/favourite/", "/weather/7/"),
    ],
)
def test_address_of_a_form_leads_to_its_page(client, db, address, page):
    upload = "upload" in address
    assert client.get(address).url == (f"/login/?next={page}" if upload else page)
    assert client.put(address).status_code == (302 if upload else 405)
    if address not in ("/logout/", "/store/bookings/7/cancel/"):
        # The session has ended: after the login one is back on the page, not at an address without one.
        assert client.post(address).url == f"/login/?next={page}"


def test_method_that_is_not_allowed_has_a_page(client, db):
    refused = client.delete("/store/")
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")
    assert "Cette vanne ne tourne pas" in refused.text
    problem = client.delete("/api/motos/brands/", headers={"X-CSRFToken": "x"})
    assert problem["Content-Type"] == "application/problem+json"


def test_form_that_is_too_large_has_a_page(client, make_album, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = client.post(make_album().get_absolute_url(), {"name": "x" * 200})
    assert answer.status_code == 413
    assert "trop grand" in answer.text


def test_script_without_session_is_told_where_to_log_in(client, db):
    problem = client.get("/uploads/")
    assert problem.status_code in (401, 403)
    assert problem.json()["login"] == "/login/"


def test_a_form_that_was_forged_is_refused_with_an_explanation(db):
    response = Client(enforce_csrf_checks=True).post("/store/albums/1/", {"name": "x", "email": "x@example.org"})
    assert response.status_code == 403
    assert "La porte s" in response.text


def test_search_engines_are_told_of_every_page(client, shop):
    assert "Sitemap: http://testserver/sitemap.xml" in client.get("/robots.txt").text
    assert client.get("/favicon.ico").url == "/static/website/favicon.svg"
    sections = re.findall("<loc>http://testserver(.*?)</loc>", client.get("/sitemap.xml").text)
    assert len(sections) == 4
    pages = [page for section in sections for page in re.findall("testserver(.*?)<", client.get(section).text)]
    assert {"/", "/store/", "/store/albums/1/", "/weather/"} <= set(pages)


def test_arrivals_have_a_feed(client, shop):
    assert 'type="application/rss+xml"' in client.get("/store/").text
    feed = client.get("/store/feed/")
    assert feed["Content-Type"].startswith("application/rss+xml")
    assert feed.text.count("<item>") == 30 and "<link>http://testserver/store/albums/" in feed.text


def test_shared_page_names_itself(client, make_album):
    text = client.get(make_album("Sillage & co", "Péniche 77", price="24").get_absolute_url()).text
    assert '<meta property="og:title" content="Sillage &amp; co">' in text
    assert 'content="Péniche 77 · 24\u00a0€"' in text


def test_admin_is_in_both_languages_and_has_the_sites_icon(admin):
    french, english = (admin.get("/admin/", headers={"accept-language": code}).text for code in ("fr", "en"))
    assert "Résultats des tâches" in french and "Tâches périodiques" in french and "Celery Results" not in french
    assert "Celery Results" in english and 'name="language"' in english
    assert "website/favicon.svg" in french and "Écluse" in french


@pytest.mark.parametrize("address", ["/swagger/", "/redoc/"])
def test_api_description_has_a_way_back(client, address):
    assert '<a href="/">' in client.get(address).text


def test_static_files_are_served_and_kept(client, db):
    response = client.get("/static/website/site.css")
    assert response.status_code == 200
    assert "max-age" in response["Cache-Control"]
    response.close()


def test_uploads_are_served_only_if_configured(client):
    assert client.get("/media/albums/photo.jpg").status_code == 404  # settings.travis does not


def test_request_id_is_the_proxys_or_a_new_one(client, db):
    assert client.get("/", headers={"x-request-id": "req-12345678"})["X-Request-ID"] == "req-12345678"
    for forged in ("", "short", "a\tb c d e f g h", "x" * 65):
        assert re.fullmatch("[0-9a-f]{32}", client.get("/", headers={"x-request-id": forged})["X-Request-ID"])
