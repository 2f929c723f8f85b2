"""The engine: the events of a push, and the requests to its API, with a client that only answers."""

from types import SimpleNamespace

import docker
import docker.errors
import pytest
import requests

from ecluse.errors import ImageError, ToolError
from ecluse.image.engine import Engine, ImageDetails, PushFailed, _follow, connect
from ecluse.image.names import RegistryAddress
from ecluse.secrets import Secret


def follow(*events, patience=60.0):
    seen = []
    return _follow(iter(events), patience, lambda sent, total: seen.append((sent, total))), seen


def test_a_push_ends_with_the_digest_and_tells_of_its_bytes():
    digest, seen = follow(
        {"status": "Preparing", "id": "a"},
        {"status": "Pushing", "id": "a", "progressDetail": {"current": 5, "total": 10}},
        {"status": "Pushing", "id": "b", "progressDetail": {"current": 1, "total": 1}},
        {"status": "Pushing", "id": "a", "progressDetail": {"current": 10, "total": 10}},
        {"status": "Layer already exists", "id": "c"},
        {"progressDetail": {}, "aux": {"Tag": "t", "Digest": "sha256:1", "Size": 1}},
    )
    assert digest == "sha256:1"
    assert seen == [(5, 10), (6, 11), (11, 11)]


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        ("Get http://r/v2/: dial tcp: connection refused", True),
        ("received unexpected HTTP status: 503 Service Unavailable", True),
        ("unauthorized: authentication required", False),
        ("denied: requested access to the resource is denied", False),
    ],
)
def test_push_error_is_retried_only_if_temporary(error, passing):
    with pytest.raises(PushFailed) as caught:
        follow({"errorDetail": {"message": error}, "error": error})
    assert (str(caught.value), caught.value.passing) == (error, passing)


def test_push_that_retries_without_end_is_given_up():
    with pytest.raises(PushFailed, match="nothing has moved for 0 s .Retrying in 5 seconds"):
        follow({"status": "Retrying in 5 seconds", "id": "a"}, patience=0)


def test_a_stream_that_ends_without_a_digest_is_a_failure():
    with pytest.raises(PushFailed, match="without a digest"):
        follow({"status": "Preparing", "id": "a"})


FOUND = {
    "Id": "sha256:1",
    "Created": "2026-01-01T00:00:00Z",
    "Size": 81_000_000,
    "Config": {"Entrypoint": ["dumb-init", "--"], "Cmd": ["gunicorn"], "User": "10001", "Labels": {"a": "b"}},
    "RootFS": {"Layers": ["sha256:a"]},
}
BARE = {**FOUND, "Config": {"Entrypoint": None, "Cmd": None, "User": "", "Labels": None}, "RootFS": {}}


def raising(error):
    def fail(*arguments, **options):
        raise error

    return fail


@pytest.mark.parametrize(
    ("found", "facts"),
    [
        (FOUND, ({"a": "b"}, "10001", ("dumb-init", "--", "gunicorn"), ("sha256:a",))),
        (BARE, ({}, "root", (), ())),
    ],
)
def test_image_facts_are_complete(found, facts):
    engine = Engine(SimpleNamespace(api=SimpleNamespace(inspect_image=lambda image: found)))
    assert engine.inspect("website:built") == ImageDetails("sha256:1", "2026-01-01T00:00:00Z", 81_000_000, *facts)


def test_missing_image_is_named_with_the_build_command():
    api = SimpleNamespace(inspect_image=raising(docker.errors.ImageNotFound("No such image")))
    with pytest.raises(ImageError, match="there is no image website:built here") as caught:
        Engine(SimpleNamespace(api=api)).inspect("website:built")
    assert caught.value.hint == "build it: ecluse image build"


def test_image_is_inspected_without_network_and_read_only():
    asked = {}

    def run(image, command, **options):
        asked.update(options, image=image, command=command)
        return "Django é".encode()

    engine = Engine(SimpleNamespace(containers=SimpleNamespace(run=run)))
    assert engine.output("website:built", "cat list") == "Django é"
    assert (asked["image"], asked["command"], asked["entrypoint"]) == ("website:built", ["cat list"], ["sh", "-c"])
    assert asked["network_disabled"] and asked["read_only"] and asked["remove"]


def test_image_without_shell_is_named():
    error = docker.errors.ContainerError("c", 127, "sh", "website:built", b"no sh")
    engine = Engine(SimpleNamespace(containers=SimpleNamespace(run=raising(error))))
    with pytest.raises(ImageError, match="website:built cannot be inspected"):
        engine.output("website:built", "cat list")


class Api:
    """The part of the engine's API that pushes."""

    def __init__(self, *events):
        self.events = events
        self.asked = []

    def tag(self, *arguments):
        self.asked.append(arguments)

    def push(self, repository, tag, **options):
        self.asked.append((repository, tag, options["auth_config"]))
        yield from self.events


ADDRESS = RegistryAddress("registry.example")


def push(api, registry=ADDRESS):
    return Engine(SimpleNamespace(api=api)).push(
        *("website:built", "registry.example/website", "1.2.3", registry),
        patience=60,
        progress=lambda sent, total: None,
    )


def test_push_sends_the_account_of_the_registry_or_none():
    done = {"aux": {"Digest": "sha256:1"}}
    api = Api(done)
    assert push(api) == "sha256:1"
    assert api.asked == [
        ("website:built", "registry.example/website", "1.2.3"),
        ("registry.example/website", "1.2.3", None),
    ]
    api = Api(done)
    push(api, RegistryAddress("registry.example", user="ci", password=Secret("t0ken-of-ci")))
    assert api.asked[-1][2] == {"username": "ci", "password": "t0ken-of-ci"}


@pytest.mark.parametrize(("status", "passing"), [(500, True), (404, False)])
def test_engine_refusal_is_retried_only_for_server_errors(status, passing):
    response = requests.Response()
    response.status_code = status
    api = Api()
    api.tag = raising(docker.errors.APIError("it broke", response, explanation="the disk is full"))
    with pytest.raises(PushFailed, match="the disk is full") as caught:
        push(api)
    assert caught.value.passing is passing


def test_engine_connection_is_closed_at_the_end(monkeypatch):
    closed = []
    client = SimpleNamespace(ping=lambda: None, close=lambda: closed.append(True))
    monkeypatch.setattr(docker, "from_env", lambda timeout, environment: client)
    with connect({}) as engine:
        assert isinstance(engine, Engine) and closed == []
    assert closed == [True]


def test_unreachable_engine_names_docker_host(monkeypatch):
    monkeypatch.setattr(docker, "from_env", raising(docker.errors.DockerException("connection refused")))
    with pytest.raises(ToolError, match="no Docker engine answers: connection refused") as caught, connect({}):
        pass
    assert caught.value.hint == "start it, or set DOCKER_HOST"
