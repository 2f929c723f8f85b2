"""Secrets of an environment in a swarm: given once, kept by what serves, and refused where they cannot be meant."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator

import pytest

from testbed.swarm import SwarmShop

pytestmark = pytest.mark.engine

KEY = "django_secret_key"


@contextlib.contextmanager
def given(shop: SwarmShop, value: bytes) -> Iterator[None]:
    """The site's secret has another value in the deployer's folder, for as long as the context lasts."""
    file = shop.folder / "secrets" / KEY
    before = file.read_bytes()
    file.write_bytes(value)
    try:
        yield
    finally:
        file.write_bytes(before)


def kept(shop: SwarmShop) -> set[str]:
    """The names of all configs and secrets of the environment."""
    label = ("--filter", f"label=ecluse.environment={shop.stack}", "--format", "{{.Name}}")
    return {name for kind in ("config", "secret") for name in shop.docker(kind, "ls", *label).stdout.split()}


def in_the_site(shop: SwarmShop, name: str = KEY) -> str:
    """The hash of a secret as the site's container has it."""
    container = shop.docker("ps", "--quiet", "--filter", f"name={shop.stack}_web.").stdout.split()[0]
    return shop.docker("exec", container, "sha256sum", f"/run/secrets/{name}").stdout.split()[0]


def test_plan_keeps_nothing_and_unusable_secrets_are_refused(shop: SwarmShop, one: str, two: str) -> None:
    before = kept(shop)
    with given(shop, b"only looked at, not rolled out, and long enough for Django\n"):
        assert "over release" in shop.ecluse("plan", "deploy", "staging", "--release", two).output
        assert kept(shop) == before
        mistyped = {"ECLUSE_SECRETS": str(shop.folder / "sekrets")}
        done = shop.ecluse("deploy", "staging", "--release", two, check=False, **mistyped)
        assert done.returncode == 10 and "folder of secrets cannot be read" in done.output
    for value, said in ((b"", "this file is empty"), (b"x" * 600_000, "600000 bytes, and a swarm takes less")):
        with given(shop, value):
            done = shop.ecluse("deploy", "staging", "--release", two, check=False)
        assert done.returncode == 10 and said in done.output and "Traceback" not in done.output
    assert kept(shop) == before and shop.images("web") == {one} and shop.step() is None


@pytest.mark.exhaustive
def test_rollout_without_secrets_keeps_what_serves(shop: SwarmShop, one: str, two: str) -> None:
    first = in_the_site(shop)
    with given(shop, b"the value of a release that is rolled back, long enough for Django\n"):
        shop.ecluse("deploy", "staging", "--release", one)
    assert in_the_site(shop) != first
    shop.ecluse("rollback", "staging")
    with given(shop, b"the value of a release that fails, long enough for Django too\n"):
        never = shop.release("never", READY=False)
        assert shop.ecluse("deploy", "staging", "--release", never, check=False).returncode == 6
    (shop.folder / "secrets" / KEY).rename(shop.folder / "away")
    try:
        shop.ecluse("deploy", "staging", "--release", two)
    finally:
        (shop.folder / "away").rename(shop.folder / "secrets" / KEY)
    assert shop.images("web") == {two} and in_the_site(shop) == first


@pytest.mark.exhaustive
def test_binary_secret_reaches_the_site_byte_for_byte(shop: SwarmShop, two: str) -> None:
    value = bytes(range(256)) + b"\r\n\r\n"
    blob = shop.folder / "secrets" / "blob"
    blob.write_bytes(value)
    try:
        with (
            shop.edited(f"  secrets: [{KEY}]\n", f"  secrets: [{KEY}, blob]\n"),
            shop.edited(f"  {KEY}:\n", f"  blob:\n    file: ${{ECLUSE_SECRETS}}/blob\n  {KEY}:\n"),
        ):
            shop.ecluse("deploy", "staging", "--release", two)
            assert in_the_site(shop, "blob") == hashlib.sha256(value).hexdigest()
    finally:
        blob.unlink()
