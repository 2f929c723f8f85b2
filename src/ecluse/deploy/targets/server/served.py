"""The process of a site and its slot: whether it is open, what is noted and counted, and the files that it serves.

Copied into the target's folder beside gunicorn_conf.py; runs in a release's own Python, on the standard library alone.
"""

from __future__ import annotations

import mimetypes
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecluse.deploy.targets.server import counts
else:
    counts = sys.modules["ecluse_counts"]

__all__ = [
    "HEALTH",
    "PAGE",
    "SLOT",
    "accept",
    "closed_headers",
    "count",
    "elsewhere",
    "farewell",
    "file_in",
    "is_error",
    "is_open",
    "maintenance_page",
    "note",
    "static_headers",
    "static_url",
]

SLOT = os.environ.get("ECLUSE_SLOT", "")
# The page that visitors get instead of the site, for as long as it is there (`ecluse maintenance on`).
MAINTENANCE = os.path.join(os.path.dirname(os.path.dirname(SLOT)), "maintenance.html")
HEALTH = frozenset(os.environ.get("ECLUSE_HEALTH", "").split())
"""The addresses that the maintenance page does not cover, and that are no visitors' requests."""
PAGE = os.environ.get("ECLUSE_PAGE", "")
"""The page that stands for readiness, of a site that has no address for that."""

RETRY_AFTER = "300"


def is_open() -> bool:
    """Whether the rollout has opened this slot for the release that runs in it. A restart after a crash finds it so."""
    try:
        with open(os.path.join(SLOT, "open"), encoding="utf-8") as file:
            return file.read().strip() == os.environ["ECLUSE_RELEASE"]
    except FileNotFoundError:
        return False


def accept() -> None:
    """Say that the process accepts visitors from now on."""
    with open(os.path.join(SLOT, "accepting"), "w", encoding="utf-8") as file:
        file.write(os.environ["ECLUSE_RELEASE"])


def farewell(pid: int) -> str:
    """The file that a worker leaves when it ends in good order."""
    return os.path.join(SLOT, f"ended-{pid}")


def note(line: str) -> None:
    """Add a line to what went wrong in this slot."""
    with open(os.path.join(SLOT, "errors"), "a", encoding="utf-8") as file:
        file.write(line + "\n")


def count(age: int, seconds: float, status: int) -> None:
    """Count an answer with *status*, after *seconds*, of the worker of gunicorn with the number *age*. On a full disk
    nothing is counted.
    """
    global _counter
    if _counter is None:
        try:
            _counter = counts.TallyFile(os.path.join(SLOT, "counts"))
        except OSError:
            return
    _counter.add(age, seconds, is_error(status))


_counter: counts.TallyFile | None = None


def is_error(status: int) -> bool:
    """Whether an answer counts against a release: a 503 is what a site says that is closed, or busy."""
    return status >= 500 and status != 503


def maintenance_page() -> bytes | None:
    """The maintenance page; None where there is none, and the site is open."""
    try:
        with open(MAINTENANCE, "rb") as file:
            return file.read()
    except OSError:
        return None


def closed_headers(page: bytes) -> list[tuple[str, str]]:
    """The headers of an answer that is the maintenance page."""
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(page))),
        ("Retry-After", RETRY_AFTER),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ]


def static_url() -> str:
    """The path under which the site has its static files; empty where it has none on this host."""
    try:
        from django.conf import settings

        url = settings.STATIC_URL
    except Exception:  # no Django, or none that is set up: then nothing is known of static files
        return ""
    return url if isinstance(url, str) and url.startswith("/") and len(url) > 1 else ""


def elsewhere(name: str) -> str | None:
    """The path of the static file *name* of any release that is kept here."""
    releases = os.path.dirname(os.path.dirname(os.environ.get("DJANGO_STATIC_ROOT", "")))
    try:
        kept = os.listdir(releases)
    except OSError:
        return None
    folders = (os.path.join(releases, release, "static") for release in kept if not release.startswith("."))
    return next((path for folder in folders if (path := file_in(folder, name)) is not None), None)


def file_in(folder: str, name: str) -> str | None:
    """The path of the file *name* in *folder*; None where there is none."""
    if not name or os.path.isabs(name) or "\0" in name or ".." in name.split("/"):
        return None
    path = os.path.join(folder, name)
    return path if os.path.isfile(path) else None


def static_headers(path: str, content: bytes) -> list[tuple[str, str]]:
    """The headers of an answer that is the static file at *path*."""
    kind, encoding = mimetypes.guess_type(path)
    headers = [("Content-Type", kind or "application/octet-stream"), ("Content-Length", str(len(content)))]
    headers += [("Content-Encoding", encoding)] if encoding else []
    return [*headers, ("Cache-Control", "max-age=60, public")]
