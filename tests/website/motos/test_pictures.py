import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from website import pictures as website_pictures
from website.motos import pictures
from website.motos.models import Picture


@pytest.fixture
def path(make_motorcycle):
    return f"motorcycles/{make_motorcycle().pk}/pictures/"


def files(media):
    return sorted(str(file.relative_to(media)) for file in media.rglob("*") if file.is_file())


def bomb(width, height):
    """A PNG of so many pixels in a few bytes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\0" * 100_000, 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_picture_is_stored_as_webp_in_two_sizes(staff, path, photo, media, kind):
    response = staff.upload(path, image=photo(kind, (2000, 1000), "../../evil.php"), alternative_text="De profil")
    assert response.status_code == 201, response.content
    picture = response.json()
    assert (picture["width"], picture["height"], picture["position"]) == (1600, 800, 0)
    assert len(files(media)) == 2
    for name in ("image", "thumbnail"):
        assert picture[name].startswith("/media/motos/")
        with Image.open(media / picture[name].removeprefix("/media/")) as stored:
            assert stored.format == "WEBP"
            assert stored.size == {"image": (1600, 800), "thumbnail": (640, 480)}[name]


def test_metadata_is_dropped_but_orientation_is_kept(staff, path, photo, media):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    upload = photo("JPEG", (800, 600), exif=exif, comment=b"SecretComment")
    assert b"SecretCamera" in upload.read()
    upload.seek(0)
    picture = staff.upload(path, image=upload, alternative_text="De profil").json()
    assert (picture["width"], picture["height"]) == (600, 800)
    for file in files(media):
        stored = (media / file).read_bytes()
        assert b"Secret" not in stored
        with Image.open(io.BytesIO(stored)) as image:
            assert not image.getexif()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not_an_image"),
        (b"GIF89a" + b"\0" * 100, "not_an_image"),
        (b"\xff\xd8\xff\xe0" + b"not really" * 50, "not_an_image"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "not_an_image"),
        (bomb(30_000, 30_000), "too_many_pixels"),
        (bomb(8_000, 8_000), "too_many_pixels"),
        (bomb(2_000, 2_000), "not_an_image"),
        (b"\xff\xd8" + b"x" * (website_pictures.LARGEST_FILE), "too_large"),
    ],
)
def test_invalid_or_too_large_picture_is_refused(staff, path, media, content, code):
    upload = SimpleUploadedFile("photo.jpg", content, "image/jpeg")
    response = staff.upload(path, image=upload, alternative_text="De profil")
    assert response.status_code == 400, response.content
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [("/image", code)]
    assert not Picture.objects.exists()
    assert not files(media)


def test_a_truncated_and_a_tiny_picture_are_refused(staff, path, photo, media):
    whole = photo("JPEG").read()
    for content in (whole[: len(whole) // 2], photo("PNG", (10, 10)).read()):
        response = staff.upload(path, image=SimpleUploadedFile("a.jpg", content), alternative_text="De profil")
        assert response.status_code == 400
    assert not files(media)


def test_an_upload_larger_than_the_limit_is_not_even_read(staff, path, media):
    token = staff.client.cookies["csrftoken"].value
    response = staff.client.post(
        f"/api/motos/{path}",
        b"x",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(12 * 1024 * 1024),
        headers={"X-CSRFToken": token},
    )
    assert response.status_code == 413
    assert response.json()["title"] == "Content Too Large"


def test_picture_form_needs_both_picture_and_text(staff, path, photo):
    assert staff.upload(path, image=photo()).json()["errors"][0]["pointer"] == "/alternative_text"
    assert staff.upload(path, alternative_text="De profil").json()["errors"][0]["pointer"] == "/image"
    assert staff.upload(path, image="text", alternative_text="De profil").status_code == 400


def test_transparency_becomes_white_and_palettes_become_colours(staff, path, media):
    for mode in ("RGBA", "LA", "P", "1", "I;16", "CMYK"):
        buffer = io.BytesIO()
        Image.new(mode, (100, 100)).save(buffer, "JPEG" if mode == "CMYK" else "PNG")
        response = staff.upload(path, image=SimpleUploadedFile("a.png", buffer.getvalue()), alternative_text=mode)
        assert response.status_code == 201, (mode, response.content)
    with Image.open(media / Picture.objects.get(alternative_text="RGBA").image.name) as stored:
        assert min(stored.getpixel((50, 50))) > 250


def test_pictures_have_an_order_that_staff_change(staff, path, photo):
    ids = [staff.upload(path, image=photo(size=(64, 64)), alternative_text=str(n)).json()["id"] for n in range(4)]

    def order():
        return [picture["id"] for picture in staff.get(path.removesuffix("pictures/")).json()["pictures"]]

    assert order() == ids
    moved = staff.send("PATCH", f"pictures/{ids[3]}/", {"position": 1, "alternative_text": "devant"})
    assert (moved.json()["position"], moved.json()["alternative_text"]) == (1, "devant")
    assert order() == [ids[0], ids[3], ids[1], ids[2]]
    staff.send("PATCH", f"pictures/{ids[0]}/", {"position": 100})
    assert order() == [ids[3], ids[1], ids[2], ids[0]]
    assert [picture.position for picture in Picture.objects.all()] == [0, 1, 2, 3]
    assert staff.send("PATCH", f"pictures/{ids[0]}/", {"position": -1}).status_code == 400


def test_files_are_deleted_with_picture_or_motorcycle(staff, path, photo, media, django_capture_on_commit_callbacks):
    first = staff.upload(path, image=photo(), alternative_text="1").json()
    staff.upload(path, image=photo(), alternative_text="2")
    assert len(files(media)) == 4
    with django_capture_on_commit_callbacks(execute=True):
        assert staff.send("DELETE", f"pictures/{first['id']}/").status_code == 204
    assert len(files(media)) == 2
    with django_capture_on_commit_callbacks(execute=True):
        assert staff.send("DELETE", path.removesuffix("pictures/")).status_code == 204
    assert not files(media)


def test_number_of_pictures_is_limited(staff, path, photo, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PICTURES", 1)
    assert staff.upload(path, image=photo(), alternative_text="1").status_code == 201
    refused = staff.upload(path, image=photo(), alternative_text="2")
    assert refused.json()["errors"][0]["code"] == "too_many"
