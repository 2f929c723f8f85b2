"""Fixtures of the tests of uploads."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image
from rest_framework.authtoken.models import Token

from website.uploads.models import Media


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Uploads go to a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


class API:
    """Somebody who asks the API, with a token or without."""

    def __init__(self, user: User | None = None) -> None:
        self.user = user
        self.client = Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Token {Token.objects.create(user=user).key}"} if user else {}

    def get(self, path: str, parameters: Any = None, **headers: str) -> HttpResponse:
        return self.client.get(path, parameters, headers={**self.headers, **headers})

    def delete(self, path: str) -> HttpResponse:
        return self.client.delete(path, headers=self.headers)

    def upload(self, file: Any = None, *, key: str | None = None, **fields: Any) -> HttpResponse:
        headers = {**self.headers, **({"Idempotency-Key": key} if key is not None else {})}
        return self.client.post("/upload/", {**({"file": file} if file else {}), **fields}, headers=headers)

    def send(self, body: bytes, content_type: str = "multipart/form-data; boundary=x", **extra: str) -> HttpResponse:
        return self.client.post("/upload/", body, content_type=content_type, headers=self.headers, **extra)


@pytest.fixture
def adele(db: None) -> API:
    return API(User.objects.create_user("adele", password="un mot de passe"))


@pytest.fixture
def bruno(db: None) -> API:
    return API(User.objects.create_user("bruno", password="un mot de passe"))


@pytest.fixture
def staff(db: None) -> API:
    return API(User.objects.create_user("archiviste", password="un mot de passe", is_staff=True))


@pytest.fixture
def visitor(db: None) -> API:
    return API()


@pytest.fixture
def photo() -> Callable[..., SimpleUploadedFile]:
    """A function that makes an image file: photo("PNG", (200, 100))."""

    def make(kind: str = "PNG", size: tuple[int, int] = (80, 60), name: str = "", **options: Any) -> Any:
        buffer = io.BytesIO()
        Image.new("RGB", size, "#1b6c7b").save(buffer, kind, **options)
        return SimpleUploadedFile(name or f"photo.{kind.lower()}", buffer.getvalue(), f"image/{kind.lower()}")

    return make


@pytest.fixture
def make_media(db: None) -> Callable[..., Media]:
    """A function that remembers a file that was never sent."""

    def make(owner: API | None = None, **fields: Any) -> Media:
        usual = {"filename": "photo.png", "mime_type": "image/png", "size_bytes": 100, "state": "stored"}
        kept = {"storage": "local", "owner": owner and owner.user}
        return Media.objects.create(**{**usual, **kept, **fields})

    return make


@pytest.fixture
def files(media) -> Callable[[], list[str]]:
    """A function that lists what is stored."""
    return lambda: sorted(str(file.relative_to(media)) for file in media.rglob("*") if file.is_file())
