"""ImageKit, by its SDK, against a server that answers as its documentation says."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from testbed.standins import imagekit as fake
from testbed.standins.imagekit import Failure
from website.uploads import health, storage, uploading
from website.uploads.models import Media
from website.uploads.storage import imagekit


@pytest.fixture
def server(settings, monkeypatch):
    """An account of ImageKit, which the site is connected to."""
    with fake.serve() as server:
        settings.IMAGEKIT = {"PRIVATE_KEY": server.key, "URL_ENDPOINT": server.endpoint}
        settings.IMAGEKIT_API_URL = server.url
        monkeypatch.setattr(imagekit, "FIRST_PAUSE", 0.01)
        storage.get.cache_clear()
        yield server
        storage.get("imagekit").client.close()
        storage.get.cache_clear()


def uploads(server):
    return [request for request in server.requests if request.startswith("POST")]


def test_a_file_goes_to_imagekit_under_a_name_of_ours(adele, photo, server, files):
    content = photo().read()
    told = adele.upload(photo(), title="Le port").json()
    [path] = server.files
    assert path == f"/uploads/{told['id']}.png"
    assert server.contents[path] == content
    assert told["url"] == f"{server.endpoint}{path}"
    assert told["file_id"] == server.files[path]["fileId"]
    assert Media.objects.get().storage == "imagekit"
    assert not files()
    assert f"{server.endpoint}{path}?tr=" in Media.objects.get().thumbnail_url


def test_file_that_is_no_picture_is_served_as_a_download(adele, server):
    told = adele.upload(SimpleUploadedFile("a.pdf", b"%PDF-1.7\n")).json()
    assert told["url"].endswith(".pdf?ik-attachment=true")


def test_imagekit_metadata_is_read_from_the_original(adele, photo, server, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        told = adele.upload(photo(size=(80, 60))).json()
    assert adele.get(f"/uploads/{told['id']}/metadata/").json() == {"width": 80, "height": 60}
    assert [request for request in server.requests if "tr=orig-true" in request]


def test_a_large_file_is_sent_from_the_disk(adele, server, settings):
    content = b"\0\0\0\x18ftypmp42" + b"\1" * 4_000_000
    assert adele.upload(SimpleUploadedFile("clip.mp4", content)).status_code == 201
    assert [len(stored) for stored in server.contents.values()] == [len(content)]


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (Failure(401, "Your account cannot be authenticated."), 502),
        (Failure(403, "The account is disabled."), 502),
        (Failure(403, "The total storage limit is exceeded."), 502),
        (Failure(400, "The file size exceeds the limit of 25MB."), 413),
        (Failure(413, "Payload Too Large"), 413),
        (Failure(400, "Invalid folder"), 502),
    ],
)
def test_a_refusal_is_reported_once_and_clearly(adele, photo, server, failure, status, caplog):
    server.failures = [failure]
    response = adele.upload(photo())
    assert response.status_code == status
    assert failure.message not in response.text
    assert failure.message in caplog.text
    assert len(uploads(server)) == 1
    assert not Media.objects.exists()
    assert not server.files


def test_a_file_larger_than_the_plan_takes_is_too_large(adele, photo, server):
    server.limit = 10
    assert adele.upload(photo()).status_code == 413


@pytest.mark.parametrize("status", [0, 429, 500, 502, 503, 504])
def test_temporary_imagekit_failure_is_retried(adele, photo, server, status):
    server.failures = [Failure(status)] * 2
    assert adele.upload(photo()).status_code == 201
    assert len(uploads(server)) == 3
    assert len(server.files) == 1


def test_lasting_imagekit_failure_is_reported_and_leaves_nothing(adele, photo, server):
    server.failures = [Failure(503)] * 3
    response = adele.upload(photo())
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert not Media.objects.exists()


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "42"}, "42"), ({"X-RateLimit-Reset": "31500"}, "32")])
def test_long_imagekit_wait_is_a_503_with_retry_after(adele, photo, server, headers, wait):
    server.failures = [Failure(429, headers=headers)]
    response = adele.upload(photo())
    assert (response.status_code, response["Retry-After"]) == (503, wait)
    assert len(uploads(server)) == 1
    assert not Media.objects.exists()


def test_lost_imagekit_answer_makes_no_second_file(adele, photo, server):
    server.failures = [Failure(0, stored=True)]
    assert adele.upload(photo()).status_code == 201
    assert len(uploads(server)) == 2
    assert len(server.files) == 1


def test_file_whose_answers_were_all_lost_is_removed(adele, photo, server):
    server.failures = [Failure(500, stored=True)] * 3
    assert adele.upload(photo()).status_code == 503
    assert not server.files
    assert not Media.objects.exists()


def test_upload_that_cannot_be_undone_is_swept_later(adele, photo, server, django_capture_on_commit_callbacks, caplog):
    server.failures = [Failure(500, stored=True)] * 3 + [Failure(500)] * 3
    assert adele.upload(photo(), key="k").status_code == 503
    assert len(server.files) == 1
    assert Media.objects.get().state == "pending"
    assert adele.get("/uploads/").json()["results"] == []
    assert adele.upload(photo(), key="k").status_code == 409
    Media.objects.update(created_at=timezone.now() - timedelta(minutes=16))
    with django_capture_on_commit_callbacks(execute=True):
        call_command("sweep_uploads", verbosity=0, stdout=io.StringIO())
    assert not server.files
    assert not Media.objects.exists()
    assert adele.upload(photo(), key="k").status_code == 201


def test_sweep_removes_only_orphaned_files(adele, photo, server):
    told = adele.upload(photo()).json()
    old = (timezone.now() - timedelta(hours=2)).isoformat()
    for path in ("/uploads/3f0c0000-0000-4000-8000-000000000000.png", "/uploads/by-hand.png"):
        server.store(path, b"x")
    server.store("/uploads/new.png", b"x")
    for path in server.files:
        if "new" not in path:
            server.files[path]["createdAt"] = old
    out = io.StringIO()
    call_command("sweep_uploads", "--dry-run", stdout=out)
    assert "would delete by-hand.png" in out.getvalue()
    assert len(server.files) == 4
    call_command("sweep_uploads", stdout=out)
    assert set(server.files) == {f"/uploads/{told['id']}.png", "/uploads/new.png"}
    server.failures = [Failure(401)]
    with pytest.raises(CommandError, match="the storage cannot be swept: ImageKit answered 401"):
        call_command("sweep_uploads")


def test_deletion_from_imagekit_accepts_an_already_missing_file(
    adele, photo, server, django_capture_on_commit_callbacks
):
    one, other = adele.upload(photo()).json(), adele.upload(photo()).json()
    server.files.pop(f"/uploads/{other['id']}.png")
    for told in (one, other):
        with django_capture_on_commit_callbacks(execute=True):
            adele.delete(f"/uploads/{told['id']}/")
    assert not server.files
    assert not Media.objects.exists()


def test_a_file_stays_where_it_is_when_the_storage_changes(
    adele, photo, server, settings, files, django_capture_on_commit_callbacks
):
    adele.upload(photo())
    media = Media.objects.get()
    settings.IMAGEKIT = {**settings.IMAGEKIT, "URL_ENDPOINT": ""}
    adele.upload(photo())
    assert len(server.files) == len(files()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        uploading.remove(media)
    assert not server.files
    assert len(files()) == 1


def test_imagekit_metadata_is_not_read_from_another_address(adele, server):
    with pytest.raises(storage.StorageRefused), storage.get("imagekit").open("x", "http://127.0.0.1:1/secret"):
        pass


def test_imagekit_health_check_reports_refusal(server):
    check = health.checks()["imagekit"]
    check.run()
    server.failures = [Failure(401)]
    with pytest.raises(Exception, match="imagekit: ImageKit answered 401"):
        check.run()
