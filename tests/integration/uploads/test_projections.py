"""MongoDB and Redis, the real ones: there, away, back, emptied."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from PIL import Image
from pymongo import MongoClient
from redis import Redis
from rest_framework.authtoken.models import Token

from testbed.waiting import until
from tests.integration.uploads.conftest import Contained, Site
from website.uploads import health, projections, sweep
from website.uploads.models import Media

MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"


def photo() -> SimpleUploadedFile:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Kestrel"
    exif.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", (80, 60)).save(buffer, "JPEG", exif=exif)
    return SimpleUploadedFile("photo.jpg", buffer.getvalue())


@pytest.fixture
def connected(settings: Any, tmp_path: Path, mongodb: Contained, redis: Contained) -> Iterator[None]:
    """The site of this process, connected to both."""
    settings.MEDIA_ROOT = tmp_path
    settings.MONGODB_URL, settings.REDIS_URL = f"{mongodb.url}/uploads", redis.url
    yield
    for name in projections.configured():
        projections.get(name).client.close()
    projections._made.cache_clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("connected")
def test_projections_are_told_catch_up_and_are_rebuilt(
    client: Client, settings: Any, tmp_path: Path, mongodb: Contained, redis: Contained
) -> None:
    documents: Any = MongoClient(settings.MONGODB_URL).get_default_database()["media_metadata"]
    entries: Any = Redis.from_url(redis.url, decode_responses=True)
    documents.drop()
    entries.flushdb()
    token = Token.objects.create(user=User.objects.create_user("adele")).key
    headers = {"Authorization": f"Token {token}"}

    def send(title: str, *tags: str) -> str:
        answer = client.post("/upload/", {"file": photo(), "title": title, "tags": tags}, headers=headers)
        assert answer.status_code == 201, answer.content
        return answer.json()["id"]

    def titles(tag: str) -> list[str]:
        found = client.get("/uploads/titles/", {"tag": tag}, headers=headers).json()["results"]
        return [one["title"] for one in found]

    def known() -> tuple[set[str], set[str]]:
        return {one["_id"] for one in documents.find()}, {
            key.removeprefix("media:entry:") for key in entries.scan_iter("media:entry:*")
        }

    def sweep_all() -> None:
        # As if a minute had passed.
        sweep.YOUNG, before = sweep.YOUNG * 0, sweep.YOUNG
        try:
            sweep.rows()
        finally:
            sweep.YOUNG = before

    # There.
    first = send("Le port", "été", "port")
    assert known() == ({first}, {first})
    document = documents.find_one()
    assert document["metadata"] == {"width": 80, "height": 60, "exif": {"Make": "Kestrel"}}
    send("La plage", "été")
    assert titles("été") == ["La plage", "Le port"]
    assert titles("port") == ["Le port"]
    # What is read comes from them, not from PostgreSQL.
    documents.update_one({"_id": document["_id"]}, {"$set": {"metadata.width": 81}})
    assert client.get(f"/uploads/{first}/metadata/", headers=headers).json()["width"] == 81
    for check in health.checks().values():
        check.run()

    # Away: uploads go on, and what is asked is answered.
    with mongodb.away(), redis.away():
        lost = send("La digue", "été")
        assert titles("été") == ["La digue", "La plage", "Le port"]
        assert client.get(f"/uploads/{lost}/metadata/", headers=headers).json()["width"] == 80
        assert set(client.get("/uploads/", headers=headers).json()) == {"next", "previous", "results"}
        for name, check in health.checks().items():
            with pytest.raises(Exception, match=f"{name}: "):
                check.run()
        media = Media.objects.get(pk=lost)
        assert (media.described_at, media.indexed_at) == (None, None)

    # Back: what they missed they are told, once.
    sweep_all()
    sweep_all()
    assert [len(keys) for keys in known()] == [3, 3]
    assert entries.zcard(f"media:tag:{media.owner_id}:été") == entries.zcard("media:tag:all:été") == 3
    assert titles("été") == ["La digue", "La plage", "Le port"]

    # A deletion waits for them, and then leaves nothing.
    with redis.away():
        assert client.delete(f"/uploads/{lost}/", headers=headers).status_code == 204
        assert client.get(f"/uploads/{lost}/", headers=headers).status_code == 404
    sweep_all()
    assert lost not in set.union(*known())
    assert entries.zcard("media:tag:all:été") == 2
    assert not list(tmp_path.rglob(f"{lost}*"))

    # Emptied, and one with what is no upload any more: made anew from PostgreSQL.
    entries.flushdb()
    documents.insert_one({"_id": str(Media().pk), "metadata": {}})
    call_command("rebuild_projections", verbosity=0, stdout=io.StringIO())
    rows = {str(key) for key in Media.objects.values_list("pk", flat=True)}
    assert known() == (rows, rows)
    assert documents.find_one({"_id": document["_id"]})["metadata"]["width"] == 80
    assert titles("été") == ["La plage", "Le port"]

    documents.database.client.close()
    entries.close()


def test_worker_retries_a_failed_projection(
    start_site: Callable[..., Site], mongodb: Contained, redis: Contained
) -> None:
    database = f"{mongodb.url}/worker"
    site = start_site(CELERY_BROKER_URL=f"{redis.url.removesuffix('/0')}/1", MONGODB_URL=database)
    site.work()
    documents = MongoClient(database).get_default_database()["media_metadata"]

    def told() -> int:
        return documents.count_documents({})

    assert site.upload("one.mp4", MP4, len(MP4))[0] == 201
    until(lambda: told() == 1, f"the first to be told: {site.log}", seconds=300)
    with mongodb.away():
        assert site.upload("two.mp4", MP4, len(MP4))[0] == 201
        until(lambda: "Retry in 5s" in site.log, "the worker to try again later", seconds=300)
    until(lambda: told() == 2, "the second to be told", seconds=300)
    documents.database.client.close()
