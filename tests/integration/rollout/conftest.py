"""The shop for all tests of a session: making its virtual environment takes longer than most tests."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecluse.machine import process
from ecluse.monitoring import sampler
from testbed.shop import Shop


@contextlib.contextmanager
def made(like: Shop | None = None) -> Iterator[Shop]:
    """A shop in a folder that everybody may enter: as root, PostgreSQL runs as nobody, and pytest's folders are not.

    It has the virtual environments of the shop that it is *like*, so that they are not made again.
    """
    with tempfile.TemporaryDirectory(prefix="ecluse-") as folder:
        Path(folder).chmod(0o755)
        shop = Shop(Path(folder).resolve() / "shop")
        if like is not None:
            linked(shop, like)
        try:
            yield shop
        finally:
            shop.close()


def linked(shop: Shop, like: Shop) -> Shop:
    """*shop*, with the virtual environments of another one: they are not made again."""
    for venvs in (".ecluse/venvs", ".ecluse/environments/local/venvs"):
        (shop.folder / venvs).parent.mkdir(parents=True, exist_ok=True)
        (shop.folder / venvs).symlink_to(like.folder / venvs)
    return shop


@pytest.fixture(scope="session")
def shops() -> Iterator[Shop]:
    with made() as shop:
        shop.release("one")
        yield shop


@pytest.fixture
def shop(shops: Shop) -> Shop:
    """The shop, with release "one" serving, whatever the test before has done."""
    shops.ecluse("deploy", "local", "--release", shops.release("one"))
    return shops


@pytest.fixture
def one(shop: Shop) -> str:
    """The release that serves when a test begins."""
    return shop.release("one")


@pytest.fixture
def two(shop: Shop) -> str:
    """Another release, as good."""
    return shop.release("two")


@pytest.fixture
def fresh_shop(shop: Shop) -> Iterator[Shop]:
    """A shop of the test's own, that has never been rolled out."""
    with made(like=shop) as fresh:
        yield fresh


def figures(shop: Shop, folder: Path) -> dict[str, str]:
    """The figures of *shop* for node_exporter, by their names with labels; *folder* is for scratch."""
    url = f"http://127.0.0.1:{shop.port}"
    words = ("shop-local", str(shop.place), url, "/readiness/", str(folder / "site.prom"))
    process.run((sys.executable, "-I", sampler.__file__, *words))
    return dict(line.rsplit(" ", 1) for line in (folder / "site.prom").read_text().splitlines())
