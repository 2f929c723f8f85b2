"""The figures of a site on a bare server, written for node_exporter every half minute.

Sent to the machine as this one file; runs there as the site's account, by Debian's own Python alone. Its arguments are
the site's name, its folder, its address for visitors, the page to ask for, the file to write, and the seconds between
two of its backups (0: it has none by itself).
"""

from __future__ import annotations

import array
import contextlib
import http.client
import json
import os
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

__all__: list[str] = []

# The form of the files that the processes count in, as ecluse.deploy.targets.server.counts has it. A row is the minute,
# the errors, and answers by duration; the first of each block counts all answers.
WIDTH, ROWS = 32, 16
BOUNDS = tuple(round(0.001 * 2 ** (number / 2), 6) for number in range(29))

_ENDED = "worker ended"
"""The beginning of a line in ``errors`` that is about a process, and not about an answer."""


def main(site: str, folder: str, url: str, page: str, target: str, backups: str = "0") -> None:
    place = Path(folder)
    lines = [
        *(*_release(place), *_answers(place), *_workers(place), *_up(place, url, page)),
        *(*_certificate(url), *_backup(place, int(backups))),
    ]
    text = "".join(f"{name}{{{_labels(site=site, **labels)}}} {value + 0}\n" for name, labels, value in lines)
    path = Path(target)
    scratch = path.with_suffix(".new")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, path)


Line = tuple[str, dict[str, str], float]


def _release(folder: Path) -> Iterator[Line]:
    """When the releases that serve were switched to."""
    switched: dict[str, float] = {}
    for path in folder.glob("slots/[1-9]/open"):
        with contextlib.suppress(OSError):
            release = path.read_text(encoding="utf-8").strip()
            switched[release] = max(switched.get(release, 0), path.stat().st_mtime)
    for release, seconds in switched.items():
        yield "ecluse_release_switched_seconds", {"release": release}, seconds


def _answers(folder: Path) -> Iterator[Line]:
    """The answers and errors of each process that serves. They begin anew with each release."""
    for slot in sorted(folder.glob("slots/[1-9]")):
        release = _text(slot / "open")
        if not release:
            continue
        labels = {"slot": slot.name, "release": release}
        errors = _text(slot / "errors").splitlines()
        ended = sum(line.startswith(_ENDED) for line in errors)
        durations = _durations(slot / "counts")
        yield "ecluse_site_answers_total", labels, sum(durations)
        # Every other bound is enough: each one is twice the one before.
        for place in range(0, len(BOUNDS), 2):
            bound = {**labels, "le": f"{BOUNDS[place]:g}"}
            yield "ecluse_site_duration_seconds_bucket", bound, sum(durations[: place + 1])
        yield "ecluse_site_duration_seconds_bucket", {**labels, "le": "+Inf"}, sum(durations)
        yield "ecluse_site_errors_total", labels, len(errors) - ended
        yield "ecluse_site_workers_ended_total", labels, ended


def _workers(folder: Path) -> Iterator[Line]:
    """Whether each worker beside the site runs. A slot that is for nothing has no slot.json."""
    for group in sorted(folder.glob("slots/[a-z]*")):
        slots = [path.parent for path in group.glob("*/slot.json")]
        if slots:
            yield "ecluse_worker_up", {"worker": group.name}, any(map(_runs, slots))


def _runs(slot: Path) -> bool:
    process = _text(slot / "lock")
    return process.isdigit() and Path("/proc", process).exists()


def _durations(path: Path) -> list[int]:
    """The answers in *path* by their duration: as BOUNDS has those, and longer."""
    try:
        found = array.array("Q", path.read_bytes())
    except (OSError, ValueError):  # before the first answer
        return [0] * (WIDTH - 2)
    return [sum(found[place :: WIDTH * ROWS]) for place in range(2, WIDTH)]


def _up(folder: Path, url: str, page: str) -> Iterator[Line]:
    """Whether the site answers, and after how many seconds. Nothing where none was rolled out."""
    try:
        where = json.loads((folder / "address.json").read_bytes())
    except (OSError, ValueError):
        return
    began = time.monotonic()
    status = _asked(where["host"], where["port"], url, page)
    closed = status == 503 and (folder / "maintenance.html").exists()
    yield "ecluse_site_up", {}, 1 if 0 < status < 500 or closed else 0
    yield "ecluse_site_answer_seconds", {}, round(time.monotonic() - began, 3)


def _asked(host: str, port: int, url: str, page: str) -> int:
    """The status of the answer; 0 where there is none."""
    public = urlsplit(url)
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", page, headers={"Host": public.netloc, "X-Forwarded-Proto": public.scheme})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _certificate(url: str) -> Iterator[Line]:
    """When the certificate of the site ends, as its front server on this machine shows it, else the one that its name
    leads to. Nothing where no certificate is shown that holds: that it has ended already is 0.
    """
    public = urlsplit(url)
    if public.scheme != "https" or not public.hostname:
        return
    for host in ("127.0.0.1", public.hostname):
        try:
            with (
                socket.create_connection((host, public.port or 443), 5) as plain,
                ssl.create_default_context().wrap_socket(plain, server_hostname=public.hostname) as door,
            ):
                shown = door.getpeercert() or {}
                yield "ecluse_certificate_end_seconds", {}, ssl.cert_time_to_seconds(str(shown["notAfter"]))
                return
        except ssl.SSLCertVerificationError as error:
            if error.verify_code == 10:  # X509_V_ERR_CERT_HAS_EXPIRED
                yield "ecluse_certificate_end_seconds", {}, 0
                return
        except (OSError, KeyError, ValueError):
            continue


def _backup(folder: Path, every: int) -> Iterator[Line]:
    """When the newest data were saved whose backup is proved, and how many seconds later the next are due. Before the
    first, the time counts from when the backups got their password.
    """
    if not every:
        return
    saved = None
    with contextlib.suppress(OSError, ValueError, AttributeError):
        noted = json.loads((folder / "last-backup.json").read_bytes())
        saved = noted.get("saved") or noted.get("proved")
    if not isinstance(saved, (int, float)):
        saved = None
        with contextlib.suppress(OSError):
            saved = (folder / "backup.json").stat().st_mtime
    if saved is not None:
        yield "ecluse_backup_proved_seconds", {}, saved
        yield "ecluse_backup_every_seconds", {}, every


def _labels(**labels: str) -> str:
    quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in labels.items()}
    return ",".join(f'{name}="{value}"' for name, value in quoted.items())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


if __name__ == "__main__":
    main(*sys.argv[1:])
