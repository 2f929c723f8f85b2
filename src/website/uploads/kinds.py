"""The kinds of files that are accepted. The first bytes decide, not the name or the content type."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HEAD", "KINDS", "Kind", "detect"]

HEAD = 32
"""How many of a file's first bytes tell its kind."""


@dataclass(frozen=True)
class Kind:
    """A kind of file. *extensions* are those that a name of it may have, without the dot; the first is ours.

    *image* is Pillow's name of it where browsers show it as a picture. Anything else is given out to be saved.
    """

    mime_type: str
    extensions: tuple[str, ...]
    image: str | None = None

    @property
    def extension(self) -> str:
        return self.extensions[0]


JPEG = Kind("image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), "JPEG")
PNG = Kind("image/png", ("png",), "PNG")
GIF = Kind("image/gif", ("gif",), "GIF")
WEBP = Kind("image/webp", ("webp",), "WEBP")
PDF = Kind("application/pdf", ("pdf",))
MP4 = Kind("video/mp4", ("mp4", "m4v"))

KINDS = {kind.mime_type: kind for kind in (JPEG, PNG, GIF, WEBP, PDF, MP4)}

# ISO 14496-12, 4.3: the brands of the family that browsers play.
MP4_BRANDS = frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"avc1", b"mp41", b"mp42", b"M4V ", b"dash"})


def detect(head: bytes) -> Kind | None:
    """The kind of the file that begins with *head*, or None for one that is not taken. SVG is none: it is a program."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    # Readers look for it further on, too: there it is a file of two kinds at once.
    if head.startswith(b"%PDF-"):
        return PDF
    if head[4:8] == b"ftyp" and head[8:12] in MP4_BRANDS:
        return MP4
    return None
