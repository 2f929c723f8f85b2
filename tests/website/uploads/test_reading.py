"""Listing, looking at one, deleting."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from website.uploads import storage, tasks, uploading
from website.uploads.models import Media, UploadRequest
from website.uploads.storage import StorageUnavailable


def ids(response):
    assert response.status_code == 200, response.content
    return [one["id"] for one in response.json()["results"]]


def test_people_see_their_own_and_staff_see_all(adele, bruno, staff, visitor, make_media):
    hers, his, nobodys = make_media(adele), make_media(bruno), make_media()
    assert ids(adele.get("/uploads/")) == [str(hers.pk)]
    assert set(ids(staff.get("/uploads/"))) == {str(one.pk) for one in (hers, his, nobodys)}
    assert adele.get(f"/uploads/{hers.pk}/").json()["id"] == str(hers.pk)
    assert staff.get(f"/uploads/{hers.pk}/").status_code == 200
    for response in (adele.get(f"/uploads/{his.pk}/"), adele.get(f"/uploads/{uuid.uuid4()}/")):
        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"
    assert visitor.get("/uploads/").status_code == visitor.get(f"/uploads/{hers.pk}/").status_code == 401


@pytest.mark.parametrize("state", ["pending", "deleting"])
def test_unstored_upload_is_not_found(adele, make_media, state):
    media = make_media(adele, state=state)
    assert ids(adele.get("/uploads/")) == []
    assert adele.get(f"/uploads/{media.pk}/").status_code == 404
    assert adele.delete(f"/uploads/{media.pk}/").status_code == 404


def test_the_list_is_newest_first_and_has_parts(adele, make_media):
    now = timezone.now()
    # Some at the same instant: the key decides.
    made = [make_media(adele, created_at=now - timedelta(hours=n // 3)) for n in range(10)]
    expected = [str(one.pk) for one in sorted(made, key=lambda one: (one.created_at, one.pk), reverse=True)]
    seen, cursor = [], ""
    while True:
        answer = adele.get("/uploads/", {"page_size": 4, **({"cursor": cursor} if cursor else {})})
        seen += ids(answer)
        cursor = answer.json()["next"]
        if not cursor:
            break
    assert seen == expected
    back = adele.get("/uploads/", {"page_size": 4, "cursor": answer.json()["previous"]})
    assert ids(back) == expected[4:8]


def test_a_part_of_the_list_is_two_queries(adele, make_media):
    for _ in range(5):
        make_media(adele, tags=["port"])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        adele.get("/uploads/")
    assert len(queries) == 2  # who asks, and what there is


def test_the_list_is_searched_by_tag(adele, bruno, make_media):
    port, both = make_media(adele, tags=["port"]), make_media(adele, tags=["été", "port"])
    make_media(bruno, tags=["port"])
    make_media(adele, tags=["aéroport", 'a "port"'])
    assert set(ids(adele.get("/uploads/", {"tag": "Port"}))) == {str(port.pk), str(both.pk)}
    assert ids(adele.get("/uploads/", {"tag": "été"})) == [str(both.pk)]
    assert ids(adele.get("/uploads/", {"tag": "%"})) == []


@pytest.mark.parametrize(
    "parameters",
    [{"tags": "port"}, {"page_size": "0"}, {"page_size": "1000"}, {"tag": "x" * 51}, {"tag": "\0"}],
)
def test_invalid_list_parameter_is_refused(adele, parameters):
    response = adele.get("/uploads/", parameters)
    assert response.status_code == 400
    assert response.json()["errors"][0]["parameter"] in parameters


@pytest.mark.parametrize(
    "cursor",
    ["x", "WzFd", "WyJjcmVhdGVkX2F0IiwiYWZ0ZXIiLCIyMDI2IiwiMSJd", "WyItY3JlYXRlZF9hdCIsImFmdGVyIiwiMjAyNiIsInoiXQ"],
)
def test_a_cursor_of_another_list_is_refused(adele, cursor):
    assert adele.get("/uploads/", {"cursor": cursor}).status_code == 404


def test_a_deleted_file_goes_from_the_storage_too(adele, photo, files, django_capture_on_commit_callbacks):
    one, other = adele.upload(photo()).json(), adele.upload(photo()).json()
    with django_capture_on_commit_callbacks(execute=True):
        assert adele.delete(f"/uploads/{one['id']}/").status_code == 204
        # For everyone it is gone; its file goes once that is certain.
        assert adele.get(f"/uploads/{one['id']}/").status_code == 404
        assert len(files()) == 2
    assert files() == [f"uploads/{other['id']}.png"]
    assert [str(media.pk) for media in Media.objects.all()] == [other["id"]]
    assert adele.delete(f"/uploads/{one['id']}/").status_code == 404


def test_deletion_is_for_the_owner_and_staff_only(adele, bruno, staff, make_media, visitor):
    hers = make_media(adele)
    assert bruno.delete(f"/uploads/{hers.pk}/").status_code == 404
    assert visitor.delete(f"/uploads/{hers.pk}/").status_code in (401, 403)
    assert staff.delete(f"/uploads/{hers.pk}/").status_code == 204


def test_unreachable_storage_deletes_the_file_later(
    adele, photo, files, monkeypatch, django_capture_on_commit_callbacks, caplog
):
    one = adele.upload(photo(), key="k").json()

    def fail(*args):
        raise StorageUnavailable("away")

    monkeypatch.setattr(storage.get("local"), "delete", fail)
    with django_capture_on_commit_callbacks(execute=True):
        assert adele.delete(f"/uploads/{one['id']}/").status_code == 204
    assert Media.objects.get().state == "deleting"
    assert f"Upload {one['id']} was not deleted: away" in caplog.text
    monkeypatch.undo()
    tasks.erase.delay(one["id"])
    assert not files()
    assert not Media.objects.exists()
    # Its request may be repeated all the same.
    assert UploadRequest.objects.get().answer == one


def test_second_deletion_changes_nothing(adele, photo, django_capture_on_commit_callbacks):
    adele.upload(photo())
    media = Media.objects.get()
    with django_capture_on_commit_callbacks() as callbacks:
        uploading.remove(media)
        uploading.remove(media)
    assert len(callbacks) == 1


def test_uploads_of_a_deleted_user_have_no_owner(adele, staff, make_media):
    hers = make_media(adele)
    adele.user.delete()
    assert ids(staff.get("/uploads/")) == [str(hers.pk)]
