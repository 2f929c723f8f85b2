"""Rollouts that meet what they cannot choose: long requests, a database that restarts, a disk that is full."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecluse.errors import RolloutError, TargetError
from ecluse.machine import process
from testbed.load.visitors import Load
from testbed.shop import Shop
from testbed.waiting import until

MEGABYTE = 1 << 20


def slow_page(port: int, seconds: int) -> tuple[int, str]:
    """Ask for a page that takes *seconds* to be made. Its status and the release that made it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", f"/?seconds={seconds}")
        response = connection.getresponse()
        return response.status, response.read().decode().split()[1]
    finally:
        connection.close()


def upload(port: int, token: str, seconds: float) -> tuple[int, str]:
    """Send four megabytes in *seconds*. The status, and what the site says of them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest("POST", f"/upload/?token={token}")
        connection.putheader("Content-Length", str(2 * MEGABYTE))
        connection.endheaders()
        for _ in range(16):
            connection.send(bytes(MEGABYTE // 8))
            time.sleep(seconds / 16)  # a slow line: this is the upload, not something waited for
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_slow_requests_and_uploads_outlive_the_rollout(shop: Shop, one: str, two: str) -> None:
    with Load(shop.port, rate=25) as load, ThreadPoolExecutor() as visitors:
        load.wait(20)
        deployer = shop.begin("deploy", "local", "--release", two)
        until(lambda: shop.step() == "preflight" or deployer.poll() is not None, "the rollout", seconds=300)
        pages: list[Future[tuple[int, str]]] = []
        uploads: dict[str, Future[tuple[int, str]]] = {}
        # One of each every half second: some begin before the switch and end after it, whenever that is.
        while deployer.poll() is None:
            pages.append(visitors.submit(slow_page, shop.port, 10))
            token = f"upload-{len(uploads)}"
            uploads[token] = visitors.submit(upload, shop.port, token, 5)
            time.sleep(0.5)
            assert len(pages) < 240, "the rollout does not end"
        assert deployer.returncode == 0
        load.wait(20)
    assert load.lost == []
    answers = [page.result() for page in pages]
    assert {status for status, _release in answers} == {200}
    assert {release for _status, release in answers} == {one, two}, "none was under way when the old release ended"
    said = [future.result() for future in uploads.values()]
    assert {status for status, _text in said} == {200}
    assert {text.split()[0] for _status, text in said} == {str(2 * MEGABYTE)}
    effects = shop.effects()
    assert [effects.get(token) for token in uploads] == [1] * len(uploads)


def test_database_restart_in_a_rollout_costs_only_its_requests(shop: Shop, one: str, two: str) -> None:
    postmaster = shop.place / "postgres" / "postmaster.pid"
    before = postmaster.read_text().splitlines()[0]
    with Load(shop.port) as load:
        load.wait(50)
        deployer = shop.begin("deploy", "local", "--release", two)
        until(lambda: shop.step() == "replace" or deployer.poll() is not None, "the step replace", seconds=300)
        os.kill(int(before), 2)  # a fast shutdown; Supervisor starts it again
        until(
            lambda: postmaster.exists() and (postmaster.read_text().splitlines() or [before])[0] != before,
            "another server",
            seconds=300,
        )
        deployer.wait(120)
        until(lambda: bool(shop.status()["healthy"]), "a healthy release", seconds=300)
        lost = len(load.lost)
        load.wait(100)
    # Only what writes asks the database, and is told so. No connection is cut, and no page lost.
    assert [request for request in load.lost if not request.startswith("POST") or "status 500" not in request] == []
    assert len(load.lost) == lost, "it goes on losing requests"
    effects = shop.effects()
    assert set(effects.values()) <= {1} and all(effects.get(token) == 1 for token in load.effects)
    last, status = shop.last(), shop.status()
    # Finished or undone, as the restart met it; told apart, and whole.
    assert (last.release, last.outcome) in ((two, "succeeded"), (two, "undone"))
    assert (status["serving"], shop.step(), len(status["processes"])) == (last.serving, None, 2)


@contextmanager
def small_disk(shop: Shop, folder: Path, megabytes: int) -> Iterator[None]:
    """*folder* of *shop* on a file system of its own, for as long as anything of the shop runs."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = process.run(
        ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)), check=False
    )
    if not mounted.ok:
        pytest.skip(f"a disk that can be filled is mounted, which this user may not: {mounted.output.strip()}")
    try:
        yield
    finally:
        shop.close()
        process.run(("umount", "--lazy", str(folder)))


def fill(path: Path) -> None:
    """Write until nothing fits any more."""
    with open(path, "wb", buffering=0) as file:
        for size in (MEGABYTE, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def test_release_too_large_for_the_disk_costs_no_request(fresh_shop: Shop) -> None:
    with small_disk(fresh_shop, fresh_shop.place / "releases", 40):
        one, two = fresh_shop.release("one"), fresh_shop.release("two")
        fresh_shop.ecluse("deploy", "local", "--release", one)
        ballast = fresh_shop.place / "releases" / ".ballast"
        fill(ballast)
        with Load(fresh_shop.port, rate=50) as load:
            load.wait(20)
            done = fresh_shop.ecluse("deploy", "local", "--release", two, check=False)
            load.wait(20)
            assert done.returncode == TargetError.exit_code, done.output
            assert "and 0 bytes are free: it would fill it" in done.output
            assert f"release {one} still serves" in done.output
            ballast.unlink()
            fresh_shop.ecluse("deploy", "local", "--release", two)
            load.wait(20)
        assert load.lost == []
        assert [record.outcome for record in fresh_shop.records()] == ["succeeded", "failed", "succeeded"]


@pytest.mark.exhaustive
def test_full_disk_at_the_switch_leaves_one_release_serving(fresh_shop: Shop) -> None:
    with small_disk(fresh_shop, fresh_shop.place, 400):
        venvs = fresh_shop.place / "venvs"
        one, two = fresh_shop.release("one"), fresh_shop.release("two")
        fresh_shop.ecluse("deploy", "local", "--release", one)
        assert venvs.exists()
        ballast = fresh_shop.place / ".ballast"
        with Load(fresh_shop.port, rate=50) as load:
            load.wait(20)
            deployer = fresh_shop.begin("deploy", "local", "--release", two)
            until(lambda: fresh_shop.step() == "replace" or deployer.poll() is not None, "replace", seconds=300)
            fill(ballast)
            deployer.wait(120)
            said = (fresh_shop.folder / ".ecluse" / "begun.log").read_text()
            load.wait(20)
            ballast.unlink()
            fresh_shop.ecluse("deploy", "local", "--release", two)
            load.wait(20)
        assert deployer.returncode in (0, RolloutError.exit_code), said
        assert deployer.returncode == 0 or f"release {one} serves again" in said
        # PostgreSQL is on the same disk: what writes may be refused. No connection is cut.
        assert [request for request in load.lost if "POST" not in request or "status 500" not in request] == []
        assert fresh_shop.status()["serving"] == two
