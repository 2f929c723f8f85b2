"""Tells Sentry which release went where, and when: an error's first appearance then names the rollout that brought it.

A rollout never fails, nor waits long, because of Sentry: what goes wrong is said in a line.
https://docs.sentry.io/api/releases/
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from ecluse.deploy.history import Record
from ecluse.secrets import Secret, masked

__all__ = ["SentryAccount", "account", "tell"]

TIMEOUT = 10.0
"""Seconds for each of the two answers."""

# As sentry-cli calls them: https://docs.sentry.io/cli/configuration/
TOKEN, ORGANIZATION, PROJECT, URL = "SENTRY_AUTH_TOKEN", "SENTRY_ORG", "SENTRY_PROJECT", "SENTRY_URL"


@dataclass(frozen=True)
class SentryAccount:
    """The account that tells Sentry of a release: *token* may have the scope ``project:releases`` alone."""

    token: Secret
    organization: str
    projects: tuple[str, ...]
    url: str = "https://sentry.io/"


def account(environ: Mapping[str, str]) -> SentryAccount | str | None:
    """The account that *environ* has; None where Sentry is not meant, and what is missing where it is."""
    values = {name: environ.get(name, "").strip() for name in (TOKEN, ORGANIZATION, PROJECT)}
    missing = [name for name, value in values.items() if not value]
    if not values[TOKEN]:
        return f"{', '.join(missing)} not set" if environ.get("SENTRY_DSN") else None
    if missing:
        return f"{', '.join(missing)} not set"
    projects = tuple(name.strip() for name in values[PROJECT].split(",") if name.strip())
    return SentryAccount(Secret(values[TOKEN]), values[ORGANIZATION], projects, environ.get(URL) or SentryAccount.url)


def tell(record: Record, environment: str, url: str, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Record the release of *record*, and that it went to *environment*. Says a line where that does not work."""
    found = account(environ)
    if found is None:
        return
    if isinstance(found, str):
        say(f"Sentry has not been told: {found}")
        return
    releases = f"/api/0/organizations/{quote(found.organization, safe='')}/releases/"
    commit = {"ref": record.commit} if record.commit else {}
    release = {"version": record.release, "projects": list(found.projects), **commit}
    deploy = {
        "environment": environment,
        "name": record.id,
        "url": url,
        "projects": list(found.projects),
        "dateStarted": _date(record.began),
        "dateFinished": _date(record.began + record.seconds),
    }
    try:
        # Twice the same version is one release: https://docs.sentry.io/api/releases/ answers 208 to the second.
        _post(found, releases, release)
        _post(found, f"{releases}{quote(record.release, safe='')}/deploys/", deploy)
    except (OSError, ValueError, http.client.HTTPException) as error:
        say(masked(f"Sentry has not been told: {error or type(error).__name__}"))


def _post(account: SentryAccount, path: str, body: Mapping[str, object]) -> None:
    """Raises OSError, ValueError or HTTPException where it is not taken."""
    where = urlsplit(account.url)
    if where.scheme not in ("http", "https") or not where.hostname:
        raise ValueError(f"{URL} is no address: {account.url}")
    connection = (
        http.client.HTTPSConnection(where.hostname, where.port, timeout=TIMEOUT, context=ssl.create_default_context())
        if where.scheme == "https"
        else http.client.HTTPConnection(where.hostname, where.port, timeout=TIMEOUT)
    )
    headers = {"Authorization": f"Bearer {account.token.reveal()}", "Content-Type": "application/json"}
    try:
        connection.request("POST", where.path.rstrip("/") + path, json.dumps(body), headers)
        response = connection.getresponse()
        answer = response.read(2000).decode(errors="replace")
    finally:
        connection.close()
    if not 200 <= response.status < 300:
        raise ValueError(f"{response.status} {response.reason} to {path}: {answer}")


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
