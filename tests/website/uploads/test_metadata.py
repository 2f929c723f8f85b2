import io
import struct

import pytest
from PIL import Image
from pypdf import PdfWriter

from website.uploads import metadata


def picture(kind="JPEG", **options) -> io.BytesIO:
    buffer = io.BytesIO()
    Image.new("RGB", (80, 60)).save(buffer, kind, **options)
    return buffer


@pytest.fixture
def exif():
    tags = Image.Exif()
    tags[0x010F] = "Kestrel\0"
    tags[0x0112] = 6
    tags.get_ifd(0x8769)[0x829A] = 0.004  # seconds of exposure
    tags.get_ifd(0x8769)[0x927C] = b"a maker's note"
    gps = tags.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (48.0, 23.0, 31.2), "W", (4.0, 29.0, 24.0)
    return tags


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_picture_has_dimensions(kind):
    found = metadata.read(picture(kind), f"image/{kind.lower()}", keep_position=False)
    assert (found["width"], found["height"]) == (80, 60)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_exif_is_read_by_name_without_the_position(kind, exif):
    found = metadata.read(picture(kind, exif=exif), f"image/{kind.lower()}", keep_position=False)
    assert found["exif"] == {"Make": "Kestrel", "Orientation": 6, "ExposureTime": 0.004}
    assert "position" not in found
    assert "GPS" not in str(found)


def test_position_is_read_if_asked_for(exif):
    found = metadata.read(picture(exif=exif), "image/jpeg", keep_position=True)
    assert found["position"] == {"latitude": 48.392, "longitude": -4.49}


@pytest.mark.parametrize("degrees", [(0.0,), (91.0, 0.0, 0.0), 48.0])
def test_invalid_position_is_ignored(exif, degrees):
    exif.get_ifd(0x8825)[2] = degrees
    found = metadata.read(picture(exif=exif), "image/jpeg", keep_position=True)
    assert "position" not in found
    assert found["width"] == 80


def test_a_pdf_has_pages():
    writer = PdfWriter()
    for _ in range(3):
        writer.add_blank_page(100, 100)
    buffer = io.BytesIO()
    writer.write(buffer)
    assert metadata.read(buffer, "application/pdf", keep_position=False) == {"pages": 3}


@pytest.mark.parametrize(
    ("content", "mime_type"),
    [
        (b"", "image/jpeg"),
        (b"\xff\xd8\xff\xe1" + struct.pack(">H", 40) + b"Exif\0\0MM\0*" + b"\xff" * 30, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image/png"),
        (b"%PDF-1.7", "application/pdf"),
        (b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj\ntrailer<</Root 1 0 R>>", "application/pdf"),
        (b"%PDF-1.7\n" + b"<<" * 5000, "application/pdf"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
    ],
)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_broken_file_has_no_metadata(content, mime_type):
    assert metadata.read(io.BytesIO(content), mime_type, keep_position=True) == {}
