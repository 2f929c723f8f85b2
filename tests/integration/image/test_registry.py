"""Push and promotion, with a real registry: also one that goes away, and one that wants an account."""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64encode

import pytest

from ecluse.cli.served import mark
from ecluse.definition.load import load
from ecluse.deploy.session import Ended
from ecluse.errors import ImageError
from ecluse.image import publish
from ecluse.image.accounts import ACCOUNTS, signed_in
from ecluse.image.bake import BuildTarget, build, definition
from ecluse.image.engine import connect
from ecluse.image.names import registry_of
from ecluse.image.registry import Registry
from testbed.containers import TOP, answers, await_, docker, free_port, inspect

pytestmark = pytest.mark.engine

# htpasswd's line for the account ci and the password below. It opens nothing but the registry of these tests.
ACCOUNT = "ci:$2b$05$MARDRJKuAY2pkNI0ORklf..wvAbqE9iIOFYKuGpwsamvnjKkuadlS"
PASSWORD = "throwaway-password"


@pytest.fixture
def registry(start):
    """A registry that anybody may push to; its address. It keeps its port when it is stopped and started."""
    port = free_port()
    container = start("--publish", f"127.0.0.1:{port}:5000", "registry:2")
    await_(lambda: answers(f"http://127.0.0.1:{port}/v2/")[0] == 200, "the registry answers")
    return container, f"http://127.0.0.1:{port}/team"


@pytest.fixture
def guarded(start, tmp_path):
    """A registry that wants the account; its host and port."""
    (tmp_path / "htpasswd").write_text(ACCOUNT)
    tmp_path.chmod(0o755)
    port = free_port()
    start(
        *("--publish", f"127.0.0.1:{port}:5000", "--volume", f"{tmp_path}:/auth:ro"),
        *("--env", "REGISTRY_AUTH=htpasswd", "--env", "REGISTRY_AUTH_HTPASSWD_REALM=tests"),
        *("--env", "REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd", "registry:2"),
    )
    await_(lambda: answers(f"http://127.0.0.1:{port}/v2/")[0] == 401, "the registry answers")
    return f"127.0.0.1:{port}"


def tags(address, name):
    status, body = answers(f"{address.removesuffix('/team')}/v2/team/{name}/tags/list")
    return set(json.loads(body)["tags"] or ()) if status == 200 else set()


def test_digest_stays_the_same_from_commit_to_version(built, ecluse, checkout, registry, start):
    container, address = registry
    pushed = ecluse("image", "push", "--branch", "staging", ECLUSE_REGISTRY=address).stdout.split()
    assert [one.partition("@")[0].rpartition("/")[2] for one in pushed] == ["website-front", "website"]
    # A later job, on another machine, asks for the commit.
    found = ecluse("image", "inspect", "--digest", "--branch", "staging", ECLUSE_REGISTRY=address).stdout.split()
    assert found == pushed

    subprocess.run(["git", "tag", "--force", "v1.2.3"], cwd=checkout, check=True)
    early = ecluse("image", "promote", check=False, ECLUSE_REGISTRY=address)
    assert early.returncode == 12 and "no rollout to staging has succeeded" in early.stderr
    commit = served(checkout, address)
    promoted = ecluse("image", "promote", ECLUSE_REGISTRY=address).stdout.split()
    assert promoted == pushed
    marks = {f"staging-{commit}", f"served-staging-{commit}"}
    assert tags(address, "website") == marks | {"1.2.3", "1.2", "latest"}

    # By that digest it comes back, and answers.
    application = pushed[-1]
    docker("rmi", "--force", application, check=False)
    docker("pull", "--quiet", application)
    assert inspect(application)["Id"] == inspect("website:under-test")["Id"]
    site = start(
        *("--env", "DATABASE_URL=postgres://nobody@127.0.0.1:1/none", "--env", "DJANGO_ALLOWED_HOSTS=shop.test"),
        *("--env", f"DJANGO_SECRET_KEY={'0123456789abcdef' * 4}", application),
    )
    await_(lambda: inspect(site)["State"]["Health"]["Status"] == "healthy", "it answers", 120)

    # Once more, nothing is sent and nothing changes.
    again = ecluse("image", "push", "--branch", "staging", ECLUSE_REGISTRY=address)
    assert again.stdout.split() == pushed
    assert "is there already" in again.stderr


def served(checkout, address):
    """Mark the images of the commit as a rollout to staging does. Returns the commit."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, text=True, capture_output=True, check=True)
    commit = done.stdout.strip()
    spec = load(TOP / "pipeline.py").image
    mark(spec, Ended("deploy", "staging", "r1", None, "", commit), {"ECLUSE_REGISTRY": address})
    return commit


def test_promotion_of_an_unbuilt_commit_leaves_no_tag(ecluse, checkout, registry):
    _container, address = registry
    subprocess.run(["git", "tag", "--force", "v9.0.0"], cwd=checkout, check=True)
    done = ecluse("image", "promote", "--version", "v9.0.0", check=False, ECLUSE_REGISTRY=address)
    assert done.returncode == 12
    assert "error: never built:" in done.stderr
    assert "must have built, tested and pushed it first" in done.stderr
    assert tags(address, "website") == set()


def test_image_of_a_changed_tree_is_not_pushed(built, ecluse, checkout, registry):
    (checkout / "left-over").touch()
    try:
        done = ecluse("image", "push", "--branch", "staging", check=False, ECLUSE_REGISTRY=registry[1])
    finally:
        (checkout / "left-over").unlink()
    assert done.returncode == 12
    assert "files differ from the commit" in done.stderr


@pytest.mark.parametrize("account", ["", "ci:wrong-password@"])
def test_push_with_a_wrong_account_says_how_to_log_in(built, ecluse, guarded, account):
    address = f"http://{account}{guarded}/team"
    done = ecluse("image", "push", "--branch", "staging", check=False, ECLUSE_REGISTRY=address)
    assert done.returncode == 12
    assert "the registry refuses" in done.stderr
    assert f"docker login {guarded}" in done.stderr
    assert "wrong-password" not in done.stdout + done.stderr


def test_account_of_the_registry_address_pushes_and_promotes(built, ecluse, checkout, guarded):
    address = f"http://ci:{PASSWORD}@{guarded}/team"
    done = ecluse("image", "push", "--branch", "staging", ECLUSE_REGISTRY=address)
    assert PASSWORD not in done.stdout + done.stderr
    subprocess.run(["git", "tag", "--force", "v1.2.4"], cwd=checkout, check=True)
    served(checkout, address)
    promoted = ecluse("image", "promote", "--version", "v1.2.4", ECLUSE_REGISTRY=address)
    assert promoted.stdout == done.stdout


def test_interrupted_push_leaves_no_tag_and_the_next_continues(built, registry):
    container, address = registry
    there = Registry(registry_of({"ECLUSE_REGISTRY": address}), pauses=())
    said: list[str] = []
    stopped = False

    def stop_it(sent, total):
        nonlocal stopped
        if not stopped:
            stopped = True
            docker("kill", container)

    with connect(os.environ) as engine:
        with pytest.raises(ImageError, match="the push failed") as caught:
            publish.push(
                *(engine, there, "website:under-test", "website", "staging-1"),
                progress=stop_it,
                say=said.append,
                patience=1,
                pauses=(0.1,),
            )
        assert stopped
        assert "the tag was not created" in str(caught.value.hint)
        assert "again in 0.1 s" in said[0]

        docker("start", container)
        await_(lambda: answers(address.removesuffix("/team") + "/v2/")[0] == 200, "the registry answers")
        assert there.manifest("website", "staging-1") is None
        digest = publish.push(
            *(engine, there, "website:under-test", "website", "staging-1"),
            progress=lambda sent, total: None,
            say=said.append,
        )
    found = there.manifest("website", "staging-1")
    assert found is not None
    assert found.digest == digest


def test_unreachable_registry_is_named(built, ecluse):
    address = f"http://127.0.0.1:{free_port()}/team"
    done = ecluse("image", "push", "--branch", "staging", check=False, ECLUSE_REGISTRY=address)
    assert done.returncode == 12
    assert (
        f"{address.removesuffix('/team')}: the registry cannot be reached: [Errno 111] Connection refused"
        in done.stderr
    )


def test_account_is_exchanged_for_a_token_of_the_registry(monkeypatch):
    """The token flow of the public registries, against a small server that plays one."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    seen = []

    class Tokens(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers.get("Authorization")))
            if self.path.startswith("/token"):
                return self.answer(200, b'{"token": "paid"}')
            if self.headers.get("Authorization") != "Bearer paid":
                self.send_response(401)
                realm = f"http://127.0.0.1:{self.server.server_port}/token"
                self.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="registry"')
                self.send_header("Content-Length", "0")
                return self.end_headers()
            return self.answer(200, b"{}")

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Tokens) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://ci:{PASSWORD}@127.0.0.1:{server.server_port}/team"
        registry = Registry(registry_of({"ECLUSE_REGISTRY": address}))
        assert registry.manifest("website", "1.2.3").content == b"{}"
        assert registry.manifest("website", "1.2.4") is not None
        server.shutdown()
    assert seen[1] == (
        "/token?scope=repository%3Ateam%2Fwebsite%3Apull&service=registry",
        "Basic Y2k6dGhyb3dhd2F5LXBhc3N3b3Jk",
    )
    # The token is kept for the next question.
    assert [authorization for _path, authorization in seen[2:]] == ["Bearer paid", "Bearer paid"]


def test_base_image_is_pulled_with_the_account_of_the_job(engine, guarded, tmp_path):
    base = f"{guarded}/team/base"
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY htpasswd /\n")
    accounts = {ACCOUNTS: json.dumps({"auths": {guarded: {"auth": b64encode(f"ci:{PASSWORD}".encode()).decode()}}})}
    with signed_in({**os.environ, **accounts}) as env:
        docker("build", "--quiet", "--tag", base, str(tmp_path), env=env)
        docker("push", "--quiet", base, env=env)
        docker("image", "rm", base)
        (tmp_path / "Dockerfile").write_text(f"FROM {base}\n")
        refused = docker("build", "--no-cache", str(tmp_path), check=False)
        assert refused.returncode and "401 Unauthorized" in refused.stderr, refused.stderr
        docker("build", "--no-cache", str(tmp_path), env=env)


def test_base_image_comes_from_a_mirror_with_the_account(engine, guarded, tmp_path):
    # Docker Hub has no such image, and is not asked for it.
    name, there = "ecluse-base:1", f"{guarded}/library/ecluse-base:1"
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY htpasswd /\n")
    accounts = {ACCOUNTS: json.dumps({"auths": {guarded: {"auth": b64encode(f"ci:{PASSWORD}".encode()).decode()}}})}
    made = definition(tmp_path, [BuildTarget("site", [f"{guarded}/site"])], epoch=1, release="r1", bases={name: there})
    argv = build(cache=False)
    with signed_in({**os.environ, **accounts}) as env:
        docker("build", "--quiet", "--tag", there, str(tmp_path), env=env)
        docker("push", "--quiet", there, env=env)
        docker("image", "rm", there)
        (tmp_path / "Dockerfile").write_text(f"FROM {name} AS base\nFROM base AS site\n")
        refused = subprocess.run(argv, cwd=tmp_path, input=made, capture_output=True, text=True)
        assert refused.returncode and "401 Unauthorized" in refused.stderr, refused.stderr
        pulled = subprocess.run(argv, cwd=tmp_path, input=made, capture_output=True, text=True, env=env)
        assert pulled.returncode == 0, pulled.stderr
        docker("image", "rm", f"{guarded}/site")
