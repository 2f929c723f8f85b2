"""The memory that an uploaded picture may cost: small on disk must not be large in memory."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from website import pictures
from website.pictures import MOST_PIXELS, MOST_PIXELS_PROGRESSIVE, Refused

# Megabytes of memory that one picture may cost while it is looked at.
MOST_MEMORY = 250

COST = """
import os, resource
from pathlib import Path
import django; django.setup()
from django.core.files.base import ContentFile
from PIL import Image
from website import pictures
from website.uploads import metadata
Image.init()
upload = ContentFile(Path(os.environ["PICTURE"]).read_bytes(), "picture")
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
{call}
print(peak() - before)
"""


def encoded(kind: str, mode: str, size: tuple[int, int], **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def cost(run_python: Callable[..., Any], tmp_path: Path) -> Callable[[str, bytes], int]:
    """A function that runs a call on an upload in a process of its own, and returns the megabytes that it took."""

    def measure(call: str, content: bytes) -> int:
        picture = tmp_path / "picture"
        picture.write_bytes(content)
        return int(run_python(COST.format(call=call), PICTURE=str(picture)).stdout)

    return measure


@pytest.mark.parametrize(
    ("kind", "mode", "side", "options"),
    [
        ("PNG", "RGBA", 6320, {"compress_level": 1}),
        # The largest that is not reduced before it is turned into colours.
        ("PNG", "LA", 4790, {"compress_level": 1}),
        ("WEBP", "RGBA", 3160, {"method": 0}),
        ("JPEG", "CMYK", 4470, {"progressive": True}),
    ],
)
def test_largest_picture_costs_bounded_memory(cost, kind, mode, side, options):
    content = encoded(kind, mode, (side, side), **options)
    assert len(content) < 1_200_000
    assert cost("pictures.prepare(upload, (640, 480))", content) < MOST_MEMORY


def test_metadata_of_large_png_unpacks_no_pixels(cost):
    content = encoded("PNG", "L", (9_900, 10_000), compress_level=1)
    assert cost("assert metadata.read(upload, 'image/png', keep_position=True)['width'] == 9900", content) < 20


@pytest.mark.parametrize(
    ("kind", "pixels", "options"),
    [
        ("PNG", MOST_PIXELS["PNG"], {"compress_level": 1}),
        ("WEBP", MOST_PIXELS["WEBP"], {"method": 0}),
        ("JPEG", MOST_PIXELS_PROGRESSIVE, {"progressive": True}),
    ],
)
def test_picture_of_too_many_pixels_is_refused(kind, pixels, options):
    content = encoded(kind, "L", (pixels // 4000 + 1, 4000), **options)
    with pytest.raises(Refused) as refused:
        pictures.prepare(ContentFile(content), (640, 480))
    assert refused.value.code == "too_many_pixels"
    assert f"{pixels // 1_000_000} millions" in refused.value.reason


def test_reduced_picture_keeps_place_and_transparency():
    """A picture that is reduced in strips is put together again in its order, white where it was transparent."""
    picture = Image.new("RGBA", (5000, 300), (0, 0, 0, 0))
    picture.paste((200, 0, 0, 255), (0, 200, 2500, 300))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    rendition = pictures.prepare(ContentFile(buffer.getvalue()), (64, 64))
    with Image.open(io.BytesIO(rendition.image)) as stored:
        assert stored.size == (1600, 96)
        assert min(stored.getpixel((400, 20))) > 250 and min(stored.getpixel((1200, 80))) > 250
        red, green, blue = stored.getpixel((400, 80))
        assert red > 180 and green < 20 and blue < 20
