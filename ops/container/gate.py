"""HEALTHCHECK of web under a rollout: whether this container may be given requests, then whether it is alive.

An engine names a task to others once its health check succeeds, and ends an old task only then: so that is where a
rollout's gate is. /readiness/ has to be good several times in a row, with the release's id, once. From then on only
/ping/ is asked: a database that is away for a minute is no reason to end all that could answer without it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

ADDRESS = ("127.0.0.1", 8000)
OPENED = Path("/tmp/gate-opened")
# What the container's first process prints, which is what `docker logs` shows.
LOG = Path("/proc/1/fd/2")
TIMES = 3
TIMEOUT = 8.0
"""Seconds for an answer. All of them together take less than the health check may."""


def main(environ: Mapping[str, str]) -> int:
    """Ask. Returns the exit code: 0 where the container is to be thought well."""
    if OPENED.exists():
        return 0 if ask("/ping/", environ)[0] == 200 else 1
    for _ in range(TIMES):
        status, body = ask("/readiness/", environ)
        if status != 200 or release(body) != environ.get("ECLUSE_RELEASE"):
            tell(f"not ready yet: /readiness/ says {status} {body[:500]}")
            return 1
    OPENED.touch()
    return 0


def ask(path: str, environ: Mapping[str, str]) -> tuple[int, str]:
    """Status and body of the answer to a visitor of the site; 0 and the reason without one."""
    host = environ.get("DJANGO_ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".") or "localhost"
    connection = http.client.HTTPConnection(*ADDRESS, timeout=TIMEOUT)
    try:
        headers = {"Host": host, "X-Forwarded-Proto": "https", "Accept": "application/json"}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read(4096).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"no answer: {error or type(error).__name__}"
    finally:
        connection.close()


def release(body: str) -> str | None:
    """The release that the answer is of."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        found = json.loads(body)["release"]
        return found if isinstance(found, str) else None
    return None


def tell(what: str) -> None:
    """Say it where `docker inspect` finds it, and once in the container's own log."""
    print(what)
    told = OPENED.with_name("gate-said")
    with contextlib.suppress(OSError):
        if not told.exists() or told.read_text(encoding="utf-8") != what:
            told.write_text(what, encoding="utf-8")
            with LOG.open("a", encoding="utf-8") as log:
                print(what, file=log)


if __name__ == "__main__":
    sys.exit(main(os.environ))
