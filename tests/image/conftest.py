"""The image is tested from outside, as its users and its operators meet it: by HTTP, by the broker, by mail.

These tests run in docker-compose.ci.yml, which says where things are by environment.
"""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest

FRONT = os.environ.get("FRONT_URL", "")

# What the proxy before the front server would say.
AS_VISITOR = {"Host": "shop.test", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}


class Answer(NamedTuple):
    """An HTTP answer, also one that is an error or a redirect."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class _KeepRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


class Visitor:
    """A browser without a screen: keeps cookies, follows nothing."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}
        self._opener = urllib.request.build_opener(_KeepRedirects)

    def get(self, path: str, **headers: str) -> Answer:
        return self._send(path, None, headers)

    def post(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Send a form, as the page at *path* has it."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path).text)
        assert found, f"no form at {path}"
        data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": found[1]}).encode()
        return self._send(path, data, {"Referer": f"https://shop.test{path}"})

    def _send(self, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        cookie = (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        )
        request = urllib.request.Request(FRONT + path, data, {**AS_VISITOR, **cookie, **headers})
        try:
            with self._opener.open(request, timeout=15) as response:
                answer = Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            answer = Answer(error.code, error.headers, error.read())
        for line in answer.headers.get_all("Set-Cookie", ()):  # type: ignore[attr-defined]
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer


@pytest.fixture
def visitor() -> Visitor:
    if not FRONT:
        pytest.skip("FRONT_URL is not set: docker-compose.ci.yml runs these tests")
    return Visitor()


@pytest.fixture
def mail_to() -> Callable[[str], dict[str, str]]:
    """A function that waits for the mail to an address, and returns it."""

    def wait(address: str, seconds: float = 20) -> dict[str, str]:
        deadline = time.monotonic() + seconds
        while True:
            with urllib.request.urlopen(os.environ["MAIL_URL"], timeout=5) as response:
                found = [message for message in json.load(response) if message["to"] == address]
            if found:
                assert len(found) == 1, "the mail came more than once"
                return found[0]
            assert time.monotonic() < deadline, f"no mail to {address} within {seconds} s"
            time.sleep(0.1)

    return wait
