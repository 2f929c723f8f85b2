"""The bare storage, for benchmarks.site.uploads: a form is read, its file is stored, and nothing else is done."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.conf import settings
from django.core.files.uploadhandler import load_handler
from django.http.multipartparser import MultiPartParser

django.setup()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    from website.uploads import storage

    if environ["REQUEST_METHOD"] == "POST":
        handlers = [load_handler(name, None) for name in settings.FILE_UPLOAD_HANDLERS]
        _fields, files = MultiPartParser(environ, environ["wsgi.input"], handlers, "utf-8").parse()
        storage.get(storage.chosen()).put(f"{uuid.uuid4()}.jpg", files["file"], "image/jpeg")
        files["file"].close()
    start_response("201 Created", [("Content-Length", "0")])
    return []
