"""An environment that faces the world: Django's deployment checks decide what is rolled out there."""

from __future__ import annotations

import http.client

import pytest

from ecluse.errors import PreflightError
from ecluse.machine import process
from testbed.shop import Shop

SAFE = """
ALLOWED_HOSTS = ["shop.example"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    *MIDDLEWARE,
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = 3600
"""


@pytest.fixture
def shop(fresh_shop: Shop) -> Shop:
    pipeline = fresh_shop.folder / "pipeline.py"
    text = pipeline.read_text().replace("faces_world=False", "faces_world=True")
    pipeline.write_text(text.replace("http://127.0.0.1:8700", "https://shop.example"))
    return fresh_shop


def test_deployment_check_warnings_refuse_a_release(shop: Shop) -> None:
    settings = shop.folder / "shop" / "settings.py"
    as_it_was = settings.read_text()
    settings.write_text(as_it_was + SAFE.replace("SECURE_HSTS_SECONDS = 3600", ""))
    refused = shop.ecluse("deploy", "local", "--release", shop.release("without HSTS"), check=False)
    assert refused.returncode == PreflightError.exit_code
    assert "security.W004" in refused.output and "W008" not in refused.output
    assert shop.status()["serving"] == []

    pipeline = shop.folder / "pipeline.py"
    known = 'faces_world=True, known_warnings=("security.W004",)'
    pipeline.write_text(pipeline.read_text().replace("faces_world=True", known))
    shop.ecluse("deploy", "local")

    settings.write_text(as_it_was + SAFE)
    safe = shop.release("safe")
    shop.ecluse("deploy", "local", "--release", safe, "--older")  # neither was committed
    assert shop.status()["serving"] == safe and shop.status()["healthy"]

    # As the front server passes a visitor's request on, and as somebody who comes past it.
    assert answer(shop, "https") == 200
    assert answer(shop, "http") == 301


def test_commit_older_than_what_serves_is_refused(shop: Shop) -> None:
    settings = shop.folder / "shop" / "settings.py"
    settings.write_text(settings.read_text() + SAFE)
    old, older = committed(shop), shop.release("old")
    committed(shop)
    newer = shop.release("newer")
    shop.ecluse("deploy", "local", "--release", older)
    shop.ecluse("deploy", "local", "--release", newer)

    refused = shop.ecluse("deploy", "local", "--release", older, check=False)
    assert refused.returncode == PreflightError.exit_code
    assert f"{old} does not descend from" in refused.output
    assert shop.status()["serving"] == newer
    # A clone that ends at this commit does not know what came before it.
    (shop.folder / ".git" / "shallow").write_text(f"{old}\n")
    refused = shop.ecluse("deploy", "local", "--release", older, check=False)
    assert refused.returncode == PreflightError.exit_code and "git fetch --unshallow" in refused.output
    shop.ecluse("deploy", "local", "--release", older, "--older")
    assert shop.status()["serving"] == older


def committed(shop: Shop) -> str:
    """A commit of all there is."""
    process.run(("git", "add", "--all"), cwd=shop.folder)
    identity = ("-c", "user.name=a", "-c", "user.email=a@shop.test")
    process.run(("git", *identity, "commit", "--quiet", "--allow-empty", "--message", "a change"), cwd=shop.folder)
    return process.run(("git", "rev-parse", "HEAD"), cwd=shop.folder).output.strip()


def answer(shop: Shop, scheme: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=60)
    try:
        connection.request("GET", "/", headers={"Host": "shop.example", "X-Forwarded-Proto": scheme})
        return connection.getresponse().status
    finally:
        connection.close()
