"""Telling what an embedded server cannot do from what a migration does wrong."""

from __future__ import annotations

from ecluse.errors import EcluseError

__all__ = ["Unable", "why"]

# https://www.postgresql.org/docs/18/errcodes-appendix.html
_FEATURE_NOT_SUPPORTED = "0A000"  # an extension that is not there; ICU in a server built without it
_UNDEFINED_FILE = "58P01"  # the same, said by older servers, and libraries of functions
_UNDEFINED_OBJECT = "42704"  # a collation of ICU ("fr-x-icu") in a server built without it
_NAMES_OF_OBJECTS = ("collation", "extension", "text search")


class Unable(EcluseError):
    """The embedded server cannot do what the migrations ask, for the reason *why*: another source may."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def why(error: BaseException) -> str | None:
    """The server's words where *error* is about something that this build of PostgreSQL does not have; else None."""
    at: BaseException | None = error
    while at is not None:
        code = getattr(at, "sqlstate", None) or getattr(at, "pgcode", None)
        if code:
            text = str(at).strip()
            about = text.splitlines()[0] if text else str(code)
            if code in (_FEATURE_NOT_SUPPORTED, _UNDEFINED_FILE):
                return about
            if code == _UNDEFINED_OBJECT and any(name in about for name in _NAMES_OF_OBJECTS):
                return about
            return None
        at = at.__cause__ or at.__context__
    return None
