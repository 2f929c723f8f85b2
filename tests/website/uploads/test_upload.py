import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import path

from website import urls
from website.uploads import storage, sweep, uploading
from website.uploads.models import Media, MediaQuerySet, UploadRequest
from website.uploads.storage import StorageRefused, StorageUnavailable, TooLargeForStorage
from website.views import media as media_view

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\ntrailer<</Root 1 0 R>>"
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 64


class ServingUrls:
    """The site's addresses with SERVE_MEDIA."""

    urlpatterns = [path("media/<path:path>", media_view), *urls.urlpatterns]


@pytest.fixture(autouse=True)
def nothing_is_left_half(db):
    """Check after each test that every row and file that remains is stored completely."""
    yield
    assert not Media.objects.exclude(state="stored").exists()


def bomb(width: int, height: int) -> bytes:
    """A PNG of so many pixels in a few bytes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def refused(response, status: int, code: str = "") -> None:
    """*response* is a problem, and nothing was kept."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    if code:
        assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [("/file", code)]
    assert not Media.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "mime_type"),
    [("un rapport.pdf", PDF, "application/pdf"), ("clip.MP4", MP4, "video/mp4")],
)
def test_a_file_is_stored_under_a_name_of_ours_and_remembered(adele, media, files, name, content, mime_type):
    answer = adele.upload(SimpleUploadedFile(name, content), title="Le titre", tags=["Été", "port", "été"])
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert answer["Location"] == f"/uploads/{told['id']}/"
    assert {**told, "tags": ["été", "port"], "title": "Le titre"} == told
    assert (told["filename"], told["mime_type"], told["size_bytes"]) == (name, mime_type, len(content))
    [file] = files()
    assert told["url"] == f"/media/{file}" == f"/media/uploads/{told['id']}.{mime_type[-3:]}"
    assert (media / file).read_bytes() == content
    row = Media.objects.get()
    assert (str(row.pk), row.owner, row.state) == (told["id"], adele.user, "stored")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_pictures_are_taken_as_they_are(adele, photo, media, files, kind):
    upload = photo(kind)
    content = upload.read()
    upload.seek(0)
    answer = adele.upload(upload)
    assert answer.status_code == 201, answer.content
    assert answer.json()["mime_type"] == f"image/{kind.lower()}"
    assert (media / files()[0]).read_bytes() == content


def test_upload_without_title_and_tags_has_none(adele, photo):
    told = adele.upload(photo()).json()
    assert (told["title"], told["tags"]) == ("", [])


def test_a_session_needs_the_token_against_forgery(adele, photo):
    adele.headers = {}
    adele.client.force_login(adele.user)
    refused(adele.upload(photo()), 403)
    adele.client.get("/gallery/")
    adele.headers = {"X-CSRFToken": adele.client.cookies["csrftoken"].value}
    assert adele.upload(photo()).status_code == 201


def test_anonymous_upload_needs_a_setting(visitor, photo, settings):
    visitor.headers = {"Authorization": "Token 0000"}
    refused(visitor.upload(photo()), 401)
    visitor.client.get("/gallery/")
    visitor.headers = {"X-CSRFToken": visitor.client.cookies["csrftoken"].value}
    response = visitor.upload(photo())
    refused(response, 401)
    assert response["WWW-Authenticate"] == "Token"
    settings.UPLOADS_ANONYMOUS = True
    assert visitor.upload(photo()).status_code == 201
    assert Media.objects.get().owner is None


def test_upload_without_a_file_is_refused(adele, files):
    refused(adele.upload(title="rien"), 400, "required")
    refused(adele.upload("du texte"), 400, "invalid")
    assert not files()


def test_an_empty_file_is_refused(adele, files):
    refused(adele.upload(SimpleUploadedFile("vide.png", b"")), 400, "empty")
    assert not files()


def test_oversized_upload_is_refused_before_it_is_read(adele, settings):
    class Unread:
        def read(self, *args):
            raise AssertionError("the body was read")

        readline = read

    length = settings.UPLOADS_MAX_BYTES + 100_000
    response = adele.send(b"x", CONTENT_LENGTH=str(length), **{"wsgi.input": Unread()})
    refused(response, 413)
    assert response.json()["title"] == "Content Too Large"


def test_slightly_oversized_upload_is_refused(adele, photo, settings, files):
    settings.UPLOADS_MAX_BYTES = 100
    refused(adele.upload(photo()), 400, "too_large")
    assert not files()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("photo.jpg", b"\x7fELF" + b"\0" * 100, "unsupported_type"),
        ("photo.png", b"<html><script>alert(1)</script></html>", "unsupported_type"),
        ("dessin.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "unsupported_type"),
        ("photo.jpg", PDF, "type_mismatch"),
        ("page.html", PDF, "type_mismatch"),
        ("sans-extension", PDF, "type_mismatch"),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + b"not really" * 50, "not_an_image"),
        ("photo.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "not_an_image"),
    ],
)
def test_the_wrong_type_behind_a_good_extension_is_refused(adele, files, name, content, code):
    refused(adele.upload(SimpleUploadedFile(name, content, "image/jpeg")), 400, code)
    assert not files()


@pytest.mark.parametrize("size", [(30_000, 30_000), (20_000, 6_000)])
def test_a_decompression_bomb_is_refused_unopened(adele, files, size):
    refused(adele.upload(SimpleUploadedFile("photo.png", bomb(*size))), 400, "too_many_pixels")
    assert not files()


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/cron.d/evil.png", "C:\\\\evil.png", "a/b.png"])
def test_a_path_in_the_name_is_refused(adele, photo, files, name):
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % name.encode()
    refused(adele.send(body + photo().read() + b"\r\n--x--\r\n"), 400)
    assert not files()


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_invalid_file_name_is_refused(adele, photo, files, name):
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % name.encode()
    response = adele.send(body + photo().read() + b"\r\n--x--\r\n")
    assert response.status_code == 400
    assert not files()


@pytest.mark.urls(ServingUrls())
def test_pdf_is_served_as_a_sandboxed_download(adele):
    response = adele.get(adele.upload(SimpleUploadedFile("facture.pdf", PDF)).json()["url"])
    assert response["Content-Disposition"] == "attachment"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    response.getvalue()


@pytest.mark.urls(ServingUrls())
def test_a_picture_is_shown_where_it_is_asked_for(adele, photo):
    response = adele.get(adele.upload(photo()).json()["url"])
    assert not response.get("Content-Disposition", "").startswith("attachment")
    assert response["Content-Type"] == "image/png"
    response.getvalue()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"nothing of the kind", "multipart/form-data; boundary=x"),
        (b"nothing of the kind", "multipart/form-data"),
        (PART + b"%PDF-1.7", "multipart/form-data; boundary=x"),
        (PART + b"%PDF-1.7\r\n--y--", "multipart/form-data; boundary=x"),
        (PART + b"%PDF-1.7\r\n--x--", "multipart/form-data; boundary=y"),
    ],
)
def test_invalid_multipart_is_refused(adele, files, body, content_type):
    refused(adele.send(body, content_type), 400)
    assert not files()


def test_upload_that_is_no_form_is_refused(adele):
    refused(adele.send(b"{}", "application/json"), 415)


def test_a_body_that_ends_too_early_is_refused(adele, photo, files):
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + photo().read()
    sent = {"CONTENT_LENGTH": str(len(body) + 1000), "wsgi.input": io.BytesIO(body + b"\r\n--x--\r\n")}
    refused(adele.send(b"x", **sent), 400)
    assert not files()


@pytest.mark.parametrize(
    "fields",
    [{"title": "<b>"}, {"keep_position": "maybe"}, {"title": "x" * 201}, {"tags": ["a,b"]}, {"tags": ["x"] * 21}],
)
def test_a_description_that_is_not_text_is_refused(adele, photo, files, fields):
    assert adele.upload(photo(), **fields).status_code == 400
    assert not files()
    assert not Media.objects.exists()


def test_storage_failure_leaves_nothing_and_is_reported(adele, photo, monkeypatch, files):
    local = storage.get("local")
    for error, status in {
        StorageUnavailable("images.internal does not answer", 17.2): 503,
        StorageUnavailable("images.internal does not answer"): 503,
        StorageRefused("key private_1234 is wrong"): 502,
        TooLargeForStorage("25 MB"): 413,
    }.items():
        monkeypatch.setattr(local, "put", lambda *args, error=error: (_ for _ in ()).throw(error))
        response = adele.upload(photo(), key="une-clé".encode().hex())
        refused(response, status)
        assert response.get("Retry-After") == {17.2: "18", None: "5"}[error.retry_after] if status == 503 else True
        assert "internal" not in response.text and "private_" not in response.text
        assert not files()


def test_a_full_disk_is_reported_and_leaves_nothing(adele, photo, media, files):
    media.mkdir()
    (media / "uploads").write_text("in the way")
    refused(adele.upload(photo()), 503)
    assert files() == ["uploads"]


def test_database_failure_after_storing_leaves_no_file(adele, photo, monkeypatch, files):
    def fail(*args, **kwargs):
        assert files()
        raise DatabaseError("server closed the connection unexpectedly")

    monkeypatch.setattr(uploading, "_confirm", fail)
    monkeypatch.setattr(uploading.connection, "close", lambda: None)  # the test's own transaction
    response = adele.upload(photo(), key="k")
    refused(response, 503)
    assert not files()
    monkeypatch.undo()


def test_file_left_by_a_lost_database_is_swept(adele, photo, monkeypatch, files, django_capture_on_commit_callbacks):
    def fail(*args, **kwargs):
        raise DatabaseError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(uploading, "_confirm", fail)
        patch.setattr(MediaQuerySet, "stored", fail)
        patch.setattr(uploading.connection, "close", lambda: None)  # the test's own transaction
        assert adele.upload(photo(), key="k").status_code == 503
    # Nobody knows whether the row was stored: the file stays until the database says so.
    assert len(files()) == 1
    Media.objects.update(created_at="2026-01-01T00:00Z")
    with django_capture_on_commit_callbacks(execute=True):
        sweep.rows()
    assert not files()
    assert not Media.objects.exists()
    assert adele.upload(photo(), key="k").status_code == 201


def test_lost_commit_answer_is_checked_in_the_database(adele, photo, monkeypatch, files):
    confirm = uploading._confirm

    def lose(*args, **kwargs):
        confirm(*args, **kwargs)
        raise DatabaseError("server closed the connection unexpectedly")

    monkeypatch.setattr(uploading, "_confirm", lose)
    monkeypatch.setattr(uploading.connection, "close", lambda: None)
    response = adele.upload(photo())
    assert response.status_code == 201
    assert str(Media.objects.get().pk) == response.json()["id"]
    assert len(files()) == 1


def test_a_request_made_again_with_its_key_gets_the_first_answer(adele, bruno, photo, files):
    first = adele.upload(photo(), key='"8e03978e-40d5"', title="Le port")
    again = adele.upload(photo(), key="8e03978e-40d5", title="Le port")
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(files()) == 1
    assert adele.upload(photo(), key="another", title="Le port").json()["id"] != first.json()["id"]
    assert bruno.upload(photo(), key="8e03978e-40d5", title="Le port").json()["id"] != first.json()["id"]
    assert len(files()) == 3


def test_repeated_key_gets_the_first_answer_even_after_deletion(adele, photo):
    first = adele.upload(photo(), key="k").json()
    Media.objects.all().delete()
    assert adele.upload(photo(), key="k").json() == first


def test_idempotency_key_is_bound_to_one_file_and_description(adele, photo, files):
    adele.upload(photo(), key="k", title="Le port")
    for upload, title in ((photo(size=(9, 9)), "Le port"), (photo(), "La plage"), (photo(name="b.png"), "Le port")):
        assert adele.upload(upload, key="k", title=title).status_code == 422
    assert len(files()) == 1


def test_key_of_a_running_request_is_a_409_with_retry_after(adele, photo, monkeypatch):
    put = storage.get("local").put
    answers = []

    def meanwhile(*args):
        monkeypatch.undo()
        answers.append(adele.upload(photo(), key="k"))
        return put(*args)

    monkeypatch.setattr(storage.get("local"), "put", meanwhile)
    first = adele.upload(photo(), key="k")
    assert (answers[0].status_code, answers[0]["Retry-After"]) == (409, "5")
    assert adele.upload(photo(), key="k").json() == first.json()


def test_a_request_that_failed_may_be_made_again_with_its_key(adele, photo, monkeypatch):
    def fail(*args):
        raise StorageUnavailable("away")

    monkeypatch.setattr(storage.get("local"), "put", fail)
    assert adele.upload(photo(), key="k").status_code == 503
    monkeypatch.undo()
    assert adele.upload(photo(), key="k").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a b"])
def test_invalid_idempotency_key_is_refused(adele, photo, key):
    refused(adele.upload(photo(), key=key), 400)


def test_user_quota_limits_the_bytes(adele, bruno, photo, settings, files):
    size = len(photo().read())
    settings.UPLOADS_QUOTA_BYTES = 2 * size
    assert [adele.upload(photo()).status_code for _ in range(3)] == [201, 201, 400]
    assert adele.upload(photo()).json()["errors"][0]["code"] == "over_quota"
    assert bruno.upload(photo()).status_code == 201
    assert len(files()) == 3
    with transaction.atomic():
        Media.objects.filter(owner=adele.user).first().delete()
    assert adele.upload(photo()).status_code == 201


def test_uploads_per_hour_are_limited_by_user_and_address(adele, bruno, photo, settings):
    settings.UPLOADS_PER_HOUR = 2
    assert [adele.upload(photo()).status_code for _ in range(3)] == [201, 201, 429]
    assert 0 < int(adele.upload(photo())["Retry-After"]) <= 3600
    # Bruno sits beside her.
    assert bruno.upload(photo()).status_code == 429
    UploadRequest.objects.update(created_at="2026-01-01T00:00Z")
    assert bruno.upload(photo()).status_code == 201
