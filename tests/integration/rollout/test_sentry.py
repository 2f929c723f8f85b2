"""Sentry is told of a rollout; where it cannot be told, nothing but a line comes of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ecluse.deploy.history import Record
from ecluse.deploy.sentry import tell

pytestmark = pytest.mark.counted

RECORD = Record(
    id="19c",
    kind="deploy",
    release="4f1c22aa90b3",
    previous="old",
    began=1_800_000_000.0,
    by="test",
    commit="a" * 40,
    steps={},
    migrations=(),
    unsafe=(),
    outcome="succeeded",
    serving="4f1c22aa90b3",
    seconds=3,
)


class Sentry(ThreadingHTTPServer):
    """A stand-in for Sentry that accepts what its documentation says, and answers with *status*."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 201
        self.asked: list[tuple[str, str | None, Any]] = []


class Handler(BaseHTTPRequestHandler):
    server: Sentry

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b'{"detail": "who are you, a-secret-token?"}')

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    with Sentry() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def environ(sentry: Sentry) -> dict[str, str]:
    return {
        "SENTRY_AUTH_TOKEN": "a-secret-token",
        "SENTRY_ORG": "ecluse",
        "SENTRY_PROJECT": "site, worker",
        "SENTRY_URL": f"http://127.0.0.1:{sentry.server_port}/",
    }


def test_the_release_and_its_deploy_are_recorded(sentry: Sentry, environ: dict[str, str]) -> None:
    said: list[str] = []
    tell(RECORD, "staging", "https://staging.example", environ, said.append)
    assert said == []
    (first, token, release), (second, _token, deploy) = sentry.asked
    assert token == "Bearer a-secret-token"
    assert first == "/api/0/organizations/ecluse/releases/"
    assert release == {"version": "4f1c22aa90b3", "projects": ["site", "worker"], "ref": "a" * 40}
    assert second == "/api/0/organizations/ecluse/releases/4f1c22aa90b3/deploys/"
    assert (deploy["environment"], deploy["url"]) == ("staging", "https://staging.example")
    assert (deploy["dateStarted"], deploy["dateFinished"]) == ("2027-01-15T08:00:00Z", "2027-01-15T08:00:03Z")


def test_a_refusal_is_said_without_the_token_and_fails_nothing(sentry: Sentry, environ: dict[str, str]) -> None:
    sentry.status = 403
    said: list[str] = []
    tell(RECORD, "staging", "https://staging.example", environ, said.append)
    assert len(said) == 1 and said[0].startswith("Sentry has not been told: 403 Forbidden")
    assert "a-secret-token" not in said[0]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"SENTRY_URL": "http://127.0.0.1:9/"}, "Sentry has not been told: [Errno"),
        ({"SENTRY_URL": "file:///etc/passwd"}, "Sentry has not been told: SENTRY_URL is no address"),
        ({"SENTRY_ORG": ""}, "Sentry has not been told: SENTRY_ORG not set"),
        ({"SENTRY_AUTH_TOKEN": "", "SENTRY_DSN": "x"}, "Sentry has not been told: SENTRY_AUTH_TOKEN not set"),
        ({"SENTRY_AUTH_TOKEN": ""}, None),
    ],
)
def test_unreachable_sentry_is_only_a_line_of_output(
    environ: dict[str, str], change: dict[str, str], line: str | None
) -> None:
    said: list[str] = []
    tell(RECORD, "staging", "https://staging.example", {**environ, **change}, said.append)
    assert [one[: len(line or "")] for one in said] == ([line] if line else [])
