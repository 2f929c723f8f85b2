"""The registry's HTTP API, spoken with answers that are written down here: a real one is met in tests/integration."""

from __future__ import annotations

import base64
import io
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import Any

import pytest

from ecluse.errors import ImageError
from ecluse.image.names import RegistryAddress, registry_of
from ecluse.image.registry import Manifest, Registry
from tests.support.doubles.images import APP, KIND

V2 = "https://registry.example/v2/team/shop"


class Answer(io.BytesIO):
    def __init__(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        super().__init__(body)
        self.status = status
        self.headers = Message()
        for name, value in headers.items():
            self.headers[name.replace("_", "-")] = value


class Wire:
    """A stand-in for ``urlopen``: gives *answers* in order, and keeps what was sent."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[urllib.request.Request] = []

    def __call__(self, request: urllib.request.Request, timeout: float) -> Answer:
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer.status >= 400:
            raise urllib.error.HTTPError(request.full_url, answer.status, "no", answer.headers, answer)
        return answer

    @property
    def urls(self) -> list[str]:
        return [request.full_url for request in self.sent]

    @property
    def credentials(self) -> list[str | None]:
        return [request.get_header("Authorization") for request in self.sent]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire()
    monkeypatch.setattr(urllib.request, "urlopen", made)
    return made


def registry(account: tuple[str, str] | None = None, *, pauses: tuple[float, ...] = ()) -> Registry:
    return Registry(RegistryAddress("registry.example", "team/"), lambda host: account, pauses)


def refusal(*errors: Mapping[str, Any]) -> bytes:
    return json.dumps({"errors": errors}).encode()


def basic(account: str) -> str:
    return "Basic " + base64.b64encode(account.encode()).decode()


CHALLENGE = 'Bearer realm="https://auth.example/token",service="registry.example"'


def test_manifest_digest_is_computed_from_its_bytes(wire: Wire) -> None:
    wire.answers = [Answer(body=APP.content, Content_Type=KIND)]
    assert registry().manifest("shop", APP.digest) == APP
    assert wire.urls == [f"{V2}/manifests/{APP.digest}"]
    assert KIND in str(wire.sent[0].get_header("Accept"))


def test_manifest_that_does_not_match_its_digest_is_refused(wire: Wire) -> None:
    wire.answers = [Answer(body=b"another", Content_Type=KIND)]
    with pytest.raises(ImageError, match="the registry answers with sha256:") as caught:
        registry().manifest("shop", APP.digest)
    assert caught.value.where == f"registry.example/team/shop@{APP.digest}"


def test_missing_tag_has_no_manifest(wire: Wire) -> None:
    wire.answers = [Answer(404)]
    assert registry().manifest("shop", "staging-1") is None


def test_a_tag_is_given_with_the_very_bytes_of_the_manifest(wire: Wire) -> None:
    wire.answers = [Answer(201)]
    registry().put_manifest("shop", "1.2.3", APP)
    (sent,) = wire.sent
    assert (sent.get_method(), sent.full_url) == ("PUT", f"{V2}/manifests/1.2.3")
    assert (sent.data, sent.get_header("Content-type")) == (APP.content, KIND)


def test_a_tag_for_a_repository_that_is_not_there_is_an_error(wire: Wire) -> None:
    wire.answers = [Answer(404)]
    with pytest.raises(ImageError, match="no such repository") as caught:
        registry().put_manifest("shop", "1.2.3", APP)
    assert caught.value.where == "registry.example/team/shop:1.2.3"


def test_tags_are_read_to_the_last_page(wire: Wire) -> None:
    following = '</v2/team/shop/tags/list?n=1000&last=1.0>; rel="next"'
    wire.answers = [Answer(body=b'{"tags": ["1.0"]}', Link=following), Answer(body=b'{"tags": ["2.0"]}')]
    assert registry().tags("shop") == ["1.0", "2.0"]
    assert wire.urls == [f"{V2}/tags/list?n=1000", f"{V2}/tags/list?n=1000&last=1.0"]


@pytest.mark.parametrize("answer", [Answer(404), Answer(body=b'{"tags": null}')])
def test_a_repository_without_tags_has_none(wire: Wire, answer: Answer) -> None:
    wire.answers = [answer]
    assert registry().tags("shop") == []


def test_token_is_requested_once_with_the_account(wire: Wire) -> None:
    wire.answers = [
        Answer(401, WWW_Authenticate=CHALLENGE),
        Answer(body=b'{"access_token": "paid"}'),
        Answer(body=b"one"),
        Answer(body=b"two"),
    ]
    asked = registry(("ci", "secret"))
    assert asked.manifest("shop", "1").content == b"one"  # type: ignore[union-attr]
    assert asked.manifest("shop", "2").content == b"two"  # type: ignore[union-attr]
    assert wire.urls[1] == "https://auth.example/token?scope=repository%3Ateam%2Fshop%3Apull&service=registry.example"
    assert wire.credentials == [None, basic("ci:secret"), "Bearer paid", "Bearer paid"]


def test_push_asks_for_a_token_with_the_push_right(wire: Wire) -> None:
    wire.answers = [Answer(401, WWW_Authenticate=CHALLENGE), Answer(body=b'{"token": "paid"}'), Answer(201)]
    registry().put_manifest("shop", "1", APP)
    assert "pull%2Cpush" in wire.urls[1]
    assert wire.credentials == [None, None, "Bearer paid"], "a token may be had without an account"


def test_account_is_sent_if_basic_authentication_is_asked_for(wire: Wire) -> None:
    wire.answers = [Answer(401, WWW_Authenticate='Basic realm="tests"'), Answer(body=b"one")]
    address = registry_of({"ECLUSE_REGISTRY": "http://ci:p%40ss@localhost:5000"})
    assert Registry(address).manifest("shop", "1") is not None
    assert wire.urls[1] == "http://localhost:5000/v2/shop/manifests/1"
    assert wire.credentials[1] == basic("ci:p@ss")


@pytest.mark.parametrize(
    ("account", "answers", "said"),
    [
        (None, [Answer(401, WWW_Authenticate="Basic")], "refuses anybody without an account: without a reason"),
        (None, [Answer(401, refusal({"code": "UNAUTHORIZED"}))], "refuses anybody without an account: UNAUTHORIZED"),
        (("ci", "x"), [Answer(403, refusal({"message": "read only"}))], "refuses the account ci: read only"),
        (("ci", "x"), [Answer(401, WWW_Authenticate=CHALLENGE), Answer(403)], "refuses the account ci"),
    ],
)
def test_refused_account_is_told_how_to_log_in(
    wire: Wire, account: tuple[str, str] | None, answers: list[Answer], said: str
) -> None:
    wire.answers = [*answers]
    with pytest.raises(ImageError, match=said) as caught:
        registry(account).manifest("shop", "1")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("log in: docker login registry.example")


def test_temporary_registry_error_is_tried_again(wire: Wire) -> None:
    wire.answers = [urllib.error.URLError("EOF"), Answer(503), Answer(body=b"one")]
    assert registry(pauses=(0, 0)).manifest("shop", "1") == Manifest(
        "application/vnd.docker.distribution.manifest.v2+json", b"one"
    )


def test_lasting_registry_error_is_reported_with_its_last_reason(wire: Wire) -> None:
    wire.answers = [Answer(503), Answer(500, refusal({"message": "disk full"}))]
    with pytest.raises(ImageError, match="the registry answers 500: disk full"):
        registry(pauses=(0,)).manifest("shop", "1")
    wire.answers = [urllib.error.URLError("EOF"), urllib.error.URLError("no route to host")]
    with pytest.raises(ImageError, match="cannot be reached: no route to host") as caught:
        registry(pauses=(0,)).manifest("shop", "1")
    assert caught.value.where == "https://registry.example"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"errors": [{}]}', b'{"errors": null}'])
def test_unknown_form_of_a_registry_error_does_not_crash(wire: Wire, body: bytes) -> None:
    wire.answers = [Answer(400, body)]
    with pytest.raises(ImageError, match="the registry answers 400: without a reason"):
        registry().manifest("shop", "1")


@pytest.mark.parametrize(
    "page", ["http://inside:5000/v2/team/shop/tags/list?last=1.0", "/v2/team/shop/tags/list?last=1.0", "list?last=1.0"]
)
def test_next_page_is_asked_of_the_registry_itself(wire: Wire, page: str) -> None:
    wire.answers = [Answer(body=b'{"tags": ["1.0"]}', Link=f"<{page}>; rel=next"), Answer(body=b'{"tags": ["2.0"]}')]
    assert registry().tags("shop") == ["1.0", "2.0"]
    assert wire.urls[1] == f"{V2}/tags/list?last=1.0"


def test_page_that_names_itself_as_the_next_is_read_once(wire: Wire) -> None:
    wire.answers = [Answer(body=b'{"tags": ["1.0"]}', Link="<list?n=1000>; rel=next")]
    assert registry().tags("shop") == ["1.0"]


def test_realm_keeps_its_own_query(wire: Wire) -> None:
    challenge = 'Bearer realm="https://auth.example/token?tenant=a",service="registry.example"'
    wire.answers = [Answer(401, WWW_Authenticate=challenge), Answer(body=b'{"token": "t"}'), Answer(404)]
    registry().manifest("shop", "x")
    assert wire.urls[1].startswith("https://auth.example/token?tenant=a&scope=repository")


def test_challenge_that_can_be_met_is_met_among_several(wire: Wire) -> None:
    challenge = 'Negotiate, Bearer realm="https://auth.example/token", Basic realm="registry"'
    wire.answers = [Answer(401, WWW_Authenticate=challenge), Answer(403), Answer(404)]
    registry(("alice", "secret")).manifest("shop", "x")
    assert wire.credentials[-1] == basic("alice:secret")


@pytest.mark.parametrize(
    "body", [b'{"details": "the password is old"}', b'{"error": "no", "error_description": "the password is old"}']
)
def test_refusal_has_the_reason_of_the_token_server(wire: Wire, body: bytes) -> None:
    wire.answers = [Answer(401, refusal({"code": "UNAUTHORIZED"}), WWW_Authenticate=CHALLENGE), Answer(401, body)]
    with pytest.raises(ImageError, match="refuses the account alice: the password is old"):
        registry(("alice", "secret")).manifest("shop", "x")


def test_answer_that_is_no_registry_s_is_an_error(wire: Wire) -> None:
    wire.answers = [Answer(body=b"<html>Sign in</html>", Content_Type="text/html")]
    with pytest.raises(ImageError, match="the answer is text/html, and no JSON object"):
        registry().tags("shop")
