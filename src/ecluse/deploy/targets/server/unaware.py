"""A site that knows nothing of Écluse: the gate's questions are answered for it, and its static files served.

Copied into the target's folder beside gunicorn_conf.py; runs in a release's own Python. The gate asks with a secret, so
nobody else gets these answers: the site itself is asked for its page in this process, then its database is.
"""

from __future__ import annotations

import hmac
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Unaware", "database", "exceptions", "is_good", "named"]

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Unaware:
    """The WSGI application *site*, and answers to the gate; *page* is a page of the site that must not fail."""

    def __init__(self, site: Application, page: str) -> None:
        self.site = with_static_files(site)
        self.page = page
        self.paths = os.environ.get("ECLUSE_HEALTH", "").split()
        self.secret = os.environ.get("ECLUSE_GATE", "")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = environ.get("PATH_INFO") in self.paths
        if not asked or not hmac.compare_digest(environ.get("HTTP_X_ECLUSE_GATE", ""), self.secret):
            return self.site(environ, start_response)
        found = {self.page: self.answer(environ), "database": database()}
        good = is_good(found[self.page], found["database"])
        body = json.dumps({"release": os.environ["ECLUSE_RELEASE"], "checks": found}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("200 OK" if good else "503 Service Unavailable", headers)
        return [body]

    def answer(self, environ: dict[str, Any]) -> str:
        """The status with which the site answers its page, as a visitor who asks for it, and the exception of a 500."""
        said = ["no answer"]

        def heard(status: str, headers: Any, exc_info: Any = None) -> Any:
            said.append(status)
            return lambda data: None

        with exceptions(self.page) as raised:
            try:
                body = self.site({**environ, "PATH_INFO": self.page, "HTTP_ACCEPT": "text/html,*/*"}, heard)
                for _ in body:
                    pass
                close = getattr(body, "close", None)
                if close is not None:
                    close()
            except Exception as error:  # whatever a site raises is its answer
                raised.append(named(error))
        return f"500 {raised[-1]}" if raised else said[-1]


def is_good(page: str, database: str) -> bool:
    """Whether these answers of the site let visitors in: any page but a bad request and a failure, and a database."""
    return page[:1] in "1234" and not page.startswith("400") and database == "ok"


@contextmanager
def exceptions(page: str) -> Iterator[list[str]]:
    """The exceptions of the site's own code while it answers *page*, which Django makes a plain 500 of."""
    from django.core.signals import got_request_exception

    raised: list[str] = []

    def hear(request: Any = None, **more: object) -> None:
        error = sys.exc_info()[1]
        if error is not None and getattr(request, "path_info", page) == page:
            raised.append(named(error))

    got_request_exception.connect(hear, weak=False)
    try:
        yield raised
    finally:
        got_request_exception.disconnect(hear)


def named(error: BaseException) -> str:
    """The kind of *error* and the first line of what it says, as one line of a log."""
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first[:300]}"


def database() -> str:
    """``ok`` where the database answers, is a server, and has all migrations; else what is wrong."""
    try:
        from django.db import connections
        from django.db.migrations.executor import MigrationExecutor

        connection = connections["default"]
        try:
            if connection.vendor == "sqlite":
                return "it is a file in the release's own folder, which the next release would lose"
            executor = MigrationExecutor(connection)
            missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
            return f"{len(missing)} migrations are missing" if missing else "ok"
        finally:
            connection.close()
    except Exception as error:  # whatever a driver raises is the answer
        return f"{type(error).__name__}: {error}"


def with_static_files(site: Application) -> Application:
    """*site*, with the release's static files before it where the site does not serve them itself."""
    from django.conf import settings

    if any("whitenoise" in name.lower() for name in settings.MIDDLEWARE):
        return site
    try:
        from whitenoise import WhiteNoise
    except ImportError:
        return site
    prefix = settings.STATIC_URL or "/static/"
    if not prefix.startswith("/"):  # another host serves them
        return site
    folder = os.environ["DJANGO_STATIC_ROOT"]
    served: Application = WhiteNoise(site, root=folder, prefix=prefix, autorefresh=False)
    return served
