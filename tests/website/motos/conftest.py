"""Fixtures of the tests of motos."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from website.motos.models import Brand, Model, Motorcycle


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Uploads go to a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def make_motorcycle(db: None) -> Callable[..., Motorcycle]:
    """A function that puts a motorcycle up for sale: make_motorcycle("Kestrel Gannet", year=1974)."""

    def make(name: str = "Kestrel Gannet", **fields: Any) -> Motorcycle:
        brand, _, model = name.partition(" ")
        owner, _ = Brand.objects.get_or_create(slug=brand.lower(), defaults={"name": brand})
        kind, _ = Model.objects.get_or_create(brand=owner, name=model)
        usual = {"year": 2020, "price_cents": 500_000, "mileage_km": 10_000, "engine_cc": 500, "power_kw": 35}
        return Motorcycle.objects.create(model=kind, **{**usual, "colour": "rouge", **fields})

    return make


class API:
    """A client that speaks JSON, and keeps to CSRF as a browser does."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.get("session/")

    def log_in(self, user: User) -> "API":
        self.client.force_login(user)
        return self

    def get(self, path: str, parameters: Any = None, **headers: str) -> HttpResponse:
        return self.client.get(f"/api/motos/{path}", parameters, headers=headers)

    def send(self, method: str, path: str, body: Any = None, *, csrf: bool = True, **headers: str) -> HttpResponse:
        if csrf:
            headers["X-CSRFToken"] = self.client.cookies["csrftoken"].value
        data = body if isinstance(body, bytes | str) else json.dumps(body) if body is not None else ""
        return self.client.generic(method, f"/api/motos/{path}", data, "application/json", headers=headers)

    def post(self, path: str, body: Any = None, **options: Any) -> HttpResponse:
        return self.send("POST", path, body, **options)

    def upload(self, path: str, **fields: Any) -> HttpResponse:
        token = self.client.cookies["csrftoken"].value
        return self.client.post(f"/api/motos/{path}", fields, headers={"X-CSRFToken": token})


@pytest.fixture
def visitor(db: None) -> API:
    return API()


@pytest.fixture
def staff(db: None) -> API:
    return API().log_in(User.objects.create_user("vendeuse", password="un mot de passe", is_staff=True))


@pytest.fixture
def photo() -> Callable[..., SimpleUploadedFile]:
    """A function that makes an image file: photo("PNG", (200, 100))."""

    def make(kind: str = "JPEG", size: tuple[int, int] = (800, 600), name: str = "photo.jpg", **options: Any) -> Any:
        buffer = io.BytesIO()
        Image.new("RGB", size, "#a63f1f").save(buffer, kind, **options)
        return SimpleUploadedFile(name, buffer.getvalue(), "image/jpeg")

    return make
