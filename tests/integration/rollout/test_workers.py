"""Workers beside the site: a rollout loses no task and does none twice, and of what must be alone there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from testbed import rabbitmq
from testbed.containers import listening
from testbed.load.census import Census, send_during
from testbed.shop import Shop
from testbed.waiting import until
from tests.integration.rollout.conftest import figures, made

pytestmark = [pytest.mark.slow, pytest.mark.engine]

TASKS = 500


@pytest.fixture
def working(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Shop, str]]:
    """A shop with a worker and a beat, and the address of their broker."""
    with rabbitmq.running() as broker:
        monkeypatch.setenv("SHOP_BROKER", broker.url)
        with made(like=shop) as other:
            other.ecluse("deploy", "local", "--release", other.release("one"))
            yield other, broker.url


def test_tasks_in_a_rollout_run_once_and_beat_is_never_double(working: tuple[Shop, str], tmp_path: Path) -> None:
    shop, broker = working
    assert list(shop.serving()) == ["tasks", "web", "beat"]
    workers = {name: value for name, value in figures(shop, tmp_path).items() if "worker_up" in name}
    assert workers == {f'ecluse_worker_up{{site="shop-local",worker="{name}"}}': "1" for name in ("beat", "tasks")}
    one, two = shop.release("one"), shop.release("two")
    with Census(lambda: shop.started("beat"), 0.02) as census:
        rollout = shop.begin("deploy", "local", "--release", two)
        send_during(rollout, broker, TASKS, 0.02)
        assert rollout.wait() == 0, (
            shop.ecluse("history", "local").output + shop.ecluse("logs", "local", "--of", "tasks").output
        )
        until(lambda: len(shop.effects()) == TASKS, f"{TASKS} effects", seconds=300)
    assert set(shop.effects().values()) == {1}
    assert census.most == 1
    assert shop.serving() == {"tasks": {two}, "web": {two}, "beat": {two}}
    # Each of the two workers has done some of it.
    logs = [path.read_text() for path in sorted((shop.place / "logs").glob("tasks-*.log"))]
    assert len(logs) == 2 and all("succeeded" in log for log in logs)
    assert one != two


@pytest.mark.exhaustive
def test_port_taken_during_the_first_rollout_costs_no_worker(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with rabbitmq.running() as broker:
        monkeypatch.setenv("SHOP_BROKER", broker.url)
        with made(like=shop) as other:
            release = other.release("one")
            server = other.server()
            server.stage(server.releases.find(release))
            with listening(other.port):
                done = other.ecluse("deploy", "local", "--release", release)
            assert "from now on" in done.output
            assert other.serving() == {"tasks": {release}, "web": {release}, "beat": {release}}


@pytest.mark.exhaustive
def test_unready_worker_leaves_the_old_ones_at_work(working: tuple[Shop, str]) -> None:
    shop, broker = working
    code = shop.folder / "shop" / "celery.py"
    good = code.read_text()
    code.write_text("raise RuntimeError('this release has no worker')\n")
    bad = shop.release("bad")
    code.write_text(good)
    done = shop.ecluse("deploy", "local", "--release", bad, check=False)
    assert not done.ok and "tasks of release" in done.output
    one = shop.release("one")
    assert shop.serving() == {"tasks": {one}, "web": {one}, "beat": {one}}
    Celery("sender", broker=broker).send_task("shop.effect", ["after"])
    until(lambda: shop.effects() == {"after": 1}, "an effect of the old worker", seconds=300)
