import re

import pytest
from django.test import Client

from website.uploads.models import Media


@pytest.fixture
def browser(adele):
    """A browser in which Adèle is logged in, and which runs no script."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(adele.user)
    return client


def token(client) -> str:
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/gallery/").text)[1]


def test_a_visitor_is_asked_to_log_in(client, db):
    text = client.get("/gallery/").text
    assert 'href="/login/?next=/gallery/"' in text
    assert 'type="file"' not in text


def test_login_returns_to_the_gallery_and_logout_works(client, adele):
    answer = client.post("/login/?next=/gallery/", {"username": "adele", "password": "un mot de passe"})
    assert (answer.status_code, answer.url) == (302, "/gallery/")
    assert 'type="file"' in client.get("/gallery/").text
    client.post("/logout/")
    assert 'type="file"' not in client.get("/gallery/").text


def test_upload_form_works_without_a_script(browser, photo, files):
    fields = {"file": photo(), "title": "Le port", "tags": "Été,  port ,", "csrfmiddlewaretoken": token(browser)}
    answer = browser.post("/gallery/upload/", fields)
    assert (answer.status_code, answer.url) == (302, "/gallery/")
    text = browser.get("/gallery/").text
    assert "« photo.png » est dans la médiathèque." in text
    assert "Le port" in text
    assert Media.objects.get().tags == ["été", "port"]
    assert f'src="/media/{files()[0]}"' in text
    assert 'href="?tag=%C3%A9t%C3%A9"' in text


def test_refused_upload_is_explained_on_the_page(browser, photo, settings):
    browser.post("/gallery/upload/", {"csrfmiddlewaretoken": token(browser)})
    assert "message error" in browser.get("/gallery/").text
    settings.UPLOADS_PER_HOUR = 0
    browser.post("/gallery/upload/", {"file": photo(), "csrfmiddlewaretoken": token(browser)})
    assert "message error" in browser.get("/gallery/").text
    assert not Media.objects.exists()


def test_a_forged_form_uploads_and_deletes_nothing(browser, adele, photo, make_media):
    hers = make_media(adele)
    token(browser)
    browser.post("/gallery/upload/", {"file": photo(), "csrfmiddlewaretoken": "x" * 64})
    browser.post("/gallery/upload/", {"file": photo()})
    assert browser.post(f"/gallery/{hers.pk}/delete/").status_code == 403
    assert Media.objects.get() == hers


def test_upload_form_refuses_anonymous_visitors_unless_allowed(client, db, photo, settings):
    client.post("/gallery/upload/", {"file": photo(), "csrfmiddlewaretoken": token(client)})
    assert not Media.objects.exists()
    settings.UPLOADS_ANONYMOUS = True
    client.post("/gallery/upload/", {"file": photo(), "csrfmiddlewaretoken": token(client)})
    assert Media.objects.count() == 1


def test_user_deletes_only_own_files_in_the_gallery(browser, adele, bruno, make_media):
    hers, his = make_media(adele), make_media(bruno)
    for media, status in ((his, 404), (hers, 302)):
        form = {"csrfmiddlewaretoken": token(browser), "confirmed": "1"}
        assert browser.post(f"/gallery/{media.pk}/delete/", form).status_code == status
    assert list(Media.objects.stored()) == [his]


def test_deletion_is_asked_for_twice(browser, adele, make_media):
    media = make_media(adele, filename="photo\u202egpj.exe")
    page = browser.post(f"/gallery/{media.pk}/delete/", {"csrfmiddlewaretoken": token(browser)}).text
    # The mark that would turn the name around is gone.
    assert "« photogpj.exe » sera supprimé" in page
    assert Media.objects.stored().exists()


def test_the_gallery_has_parts_and_is_filtered_by_tag(browser, adele, make_media):
    for number in range(30):
        make_media(adele, title=f"Photo {number:02}", tags=["pair" if number % 2 == 0 else "impair"])
    text = browser.get("/gallery/").text
    assert "Photo 29" in text and "Photo 05" not in text
    following = re.search(r'rel="next" href="([^"]+)"', text)[1]
    assert "Photo 05" in browser.get(f"/gallery/{following}").text
    text = browser.get("/gallery/?tag=pair").text
    assert "Avec le mot-clé « pair »" in text and "Photo 29" not in text
    assert browser.get("/gallery/?tag=").url == browser.get("/gallery/?what=else").url == "/gallery/"


def test_names_are_text_and_nothing_else(browser, adele, make_media):
    make_media(adele, filename="<script>alert(1)</script>.png", tags=["<b>"])
    text = browser.get("/gallery/").text
    assert "<script>alert" not in text and "<b>" not in text


def test_the_page_is_whole_and_leads_from_the_home_page(client, db):
    assert 'href="/gallery/"' in client.get("/").text
    text = client.get("/gallery/", headers={"accept-language": "en"}).text
    assert text.count("<h1") == 1
    assert "Media library" in text
