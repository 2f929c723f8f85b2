"""Environments on this machine survive crashes, taken ports and broken archives, and can be stopped."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from ecluse.definition.model import Watch
from ecluse.deploy.health import ENOUGH
from ecluse.deploy.targets.server.counts import TallyFile
from ecluse.deploy.targets.server.place import Place
from ecluse.errors import ReleaseError, RolloutError, TargetError
from testbed.containers import listening
from testbed.load.visitors import Load
from testbed.shop import Shop
from testbed.waiting import until
from tests.integration.rollout.conftest import figures

pytestmark = pytest.mark.counted


def get(port: int, path: str = "/") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_killed_processes_restart_and_no_connection_is_refused(shop: Shop, one: str) -> None:
    before = shop.pids()
    with Load(shop.port, rate=50) as load:
        load.wait(20)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(shop.pids() - before) == 2 and shop.status()["healthy"], "two new processes")
        load.wait(50)
    # What a killed process was at is lost: a reset, or an answer cut short. A refusal would be a closed socket.
    assert not [request for request in load.lost if "Refused" in request]
    assert not shop.pids() & before


def test_stop_ends_everything_and_start_brings_it_back(shop: Shop, one: str) -> None:
    token = "kept over a stop"
    shop.query(f"INSERT INTO shop_effect (token) VALUES ('{token}')")
    (shop.place / "media" / "picture").write_text("uploaded")
    port = shop.port
    shop.ecluse("stop", "local")
    assert shop.running() == []
    with pytest.raises(ConnectionRefusedError):
        get(port)
    assert shop.ecluse("status", "local", check=False).returncode == 1
    shop.ecluse("start", "local")
    assert get(port)[0] == 200 and shop.status()["serving"] == one
    assert shop.effects()[token] == 1
    assert (shop.place / "media" / "picture").read_text() == "uploaded"


@pytest.mark.slow
def test_killed_supervisor_and_its_processes_are_replaced(shop: Shop, one: str, two: str) -> None:
    before = shop.pids()
    os.kill(int((shop.place / "supervisord.pid").read_text()), signal.SIGKILL)
    assert get(shop.port)[0] == 200, "its processes go on without it"
    shop.ecluse("deploy", "local", "--release", two)
    assert shop.status()["serving"] == two
    assert not [line for line in shop.running() if any(f" {pid} " in line for pid in before)]
    assert len(shop.status()["processes"]) == 2


def test_taken_port_is_skipped_at_first_and_later(fresh_shop: Shop) -> None:
    release = fresh_shop.release("one")
    with listening() as taken:
        pipeline = fresh_shop.folder / "pipeline.py"
        pipeline.write_text(pipeline.read_text().replace(":8700", f":{taken}"))
        first = fresh_shop.ecluse("deploy", "local")
        assert f"port {taken} is taken: local listens on {fresh_shop.port} from now on" in first.output
        assert get(fresh_shop.port)[1].startswith(f"one {release}")
    fresh_shop.ecluse("stop", "local")
    with listening(fresh_shop.port) as taken:
        second = fresh_shop.ecluse("deploy", "local")
        assert f"port {taken} is taken: local listens on {fresh_shop.port} from now on" in second.output
        assert get(fresh_shop.port)[1].startswith(f"one {release}")


def test_port_taken_during_the_first_rollout_is_skipped(fresh_shop: Shop) -> None:
    """As by another environment, which decided on the same one at the same time."""
    release = fresh_shop.release("one")
    server = fresh_shop.server()
    server.stage(server.releases.find(release))
    decided = fresh_shop.port
    with listening(decided):
        done = fresh_shop.ecluse("deploy", "local", "--release", release)
        assert f"port {decided} is taken: local listens on {fresh_shop.port} from now on" in done.output
        assert get(fresh_shop.port)[1].startswith(f"one {release}")


def test_port_taken_while_supervisor_starts_is_skipped(fresh_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    choose, others = Place.choose_address, contextlib.ExitStack()

    def choose_what_another_takes(place: Place, say: Callable[[str], None]) -> tuple[str, int]:
        address = choose(place, say)
        monkeypatch.undo()
        others.enter_context(listening(address[1]))
        return address

    release = fresh_shop.release("one")
    server = fresh_shop.server()
    monkeypatch.setattr(Place, "choose_address", choose_what_another_takes)
    with others:
        server.stage(server.releases.find(release))
        decided = fresh_shop.port
        fresh_shop.ecluse("deploy", "local", "--release", release)
        assert fresh_shop.port == decided
        assert get(decided)[1].startswith(f"one {release}")


def test_secrets_are_only_in_files_private_to_their_owner(shop: Shop, one: str) -> None:
    secret = re.findall(r'"DJANGO_SECRET_KEY": "(.+?)"', (shop.place / "secrets.json").read_text())[0]
    holding = [path for path in shop.place.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert {path.name for path in holding} == {"secrets.json", "slot.json", "configuration.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in holding} == {0o600}


def test_deploy_of_the_serving_release_changes_nothing(shop: Shop, one: str) -> None:
    before, last = shop.pids(), shop.last()
    done = shop.ecluse("deploy", "local", "--release", one)
    assert "serves already" in done.output
    assert (shop.pids(), shop.last()) == (before, last)


def test_static_files_of_both_releases_are_served(shop: Shop, one: str) -> None:
    style = shop.folder / "shop" / "static" / "shop.css"
    before = style.read_text()
    style.write_text(before.replace("black", "red"))
    try:
        other = shop.release("red")
    finally:
        style.write_text(before)

    def hashed(release: str) -> set[str]:
        folder = shop.place / "releases" / release / "static"
        return {path.name for path in folder.glob("shop.*.css")}

    old = hashed(one)
    shop.ecluse("deploy", "local", "--release", other)
    assert len(hashed(other)) == 2 and old < hashed(other)
    assert all(get(shop.port, f"/static/{name}")[0] == 200 for name in hashed(other))
    # A front server reads them from the disk, of the release that serves.
    assert (shop.place / "static").resolve() == shop.place / "releases" / other / "static"


def test_a_changed_archive_is_refused_before_it_is_unpacked(shop: Shop, one: str) -> None:
    release = shop.release("tampered")
    archive = shop.folder / ".ecluse" / "releases" / f"{release}.tar"
    archive.write_bytes(archive.read_bytes().replace(b"tampered", b"TAMPERED"))
    done = shop.ecluse("deploy", "local", "--release", release, check=False)
    assert done.returncode in (ReleaseError.exit_code, RolloutError.exit_code)
    assert f"the archive of release {release} was changed after it was packaged" in done.output
    assert shop.status()["serving"] == one


def test_release_that_would_fill_the_disk_is_refused(shop: Shop, one: str, monkeypatch: pytest.MonkeyPatch) -> None:
    id = shop.release("large")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    with pytest.raises(TargetError, match=f"release {id} needs about .* would fill it"):
        shop.roll_out(id)
    assert shop.status()["serving"] == one and not [*(shop.place / "releases").glob(f"*{id}*")]


@pytest.mark.parametrize(
    "arguments", [("deploy", "mars"), ("deploy", "local", "--release", "0000"), ("logs", "local", "--of", "x")]
)
def test_bad_input_is_refused_without_a_traceback(shop: Shop, arguments: tuple[str, ...]) -> None:
    done = shop.ecluse(*arguments, check=False)
    assert done.returncode in (2, ReleaseError.exit_code, TargetError.exit_code)
    assert "Traceback" not in done.output


def test_logs_and_history_tell_what_happened(shop: Shop, one: str, two: str) -> None:
    shop.ecluse("deploy", "local", "--release", two)
    history = shop.ecluse("history", "local").output
    assert two in history and "succeeded" in history
    assert set(shop.last().steps) == {"stage", "preflight", "migrate", "replace", "watch"}
    assert "GET /readiness/" in shop.ecluse("logs", "local").output


def test_figures_of_the_site_are_those_of_its_processes(shop: Shop, one: str, tmp_path: Path) -> None:
    assert get(shop.port)[0] == 200
    found = figures(shop, tmp_path)
    assert found['ecluse_site_up{site="shop-local"}'] == "1"
    answers = [float(value) for name, value in found.items() if name.startswith("ecluse_site_answers_total")]
    assert sum(answers) >= 1 and len(answers) == len(shop.pids())
    within = [
        float(value) for name, value in found.items() if name.startswith("ecluse_site_duration") and "+Inf" in name
    ]
    assert sum(within) == sum(answers)
    [switched] = [value for name, value in found.items() if name.startswith("ecluse_release_switched_seconds")]
    assert 0 < float(switched) <= time.time() and f'release="{one}"' in str(found)


def test_release_is_compared_with_the_minutes_before(shop: Shop, one: str) -> None:
    server = shop.server()
    before = next(slot for slot in server.daemon.slots if slot.release is None)
    before.folder.mkdir(exist_ok=True)
    counts = TallyFile(str(before.folder / "counts"))
    for _ in range(ENOUGH):
        counts.add(1, 0.001, error=False)
    try:
        server.web.switch(server.release(one))
        with ThreadPoolExecutor(ENOUGH) as visitors:
            list(visitors.map(lambda _: get(shop.port, "/?seconds=0.5"), range(3 * ENOUGH)))
        server.watch(server.release(one), Watch(seconds=0))
        with pytest.raises(RolloutError, match="does worse than the one before: 95 % .* before the switch 0.001 s"):
            server.watch(server.release(one), Watch(seconds=0, slower=4))
    finally:
        before.clear()


def test_maintenance_before_the_first_rollout_is_refused(fresh_shop: Shop) -> None:
    done = fresh_shop.ecluse("maintenance", "on", "local", check=False)
    assert done.returncode == TargetError.exit_code
    assert "no release has served in local yet" in done.output


def test_maintenance_page_stays_during_a_rollout(shop: Shop, one: str, two: str) -> None:
    shop.ecluse("maintenance", "on", "local")
    try:
        status, page = get(shop.port)
        assert status == 503 and "Travaux en cours" in page and '<p lang="en">' in page
        connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=60)
        connection.request("POST", "/effect/", body="while it is closed")
        assert connection.getresponse().getheader("Retry-After") == "300"
        connection.close()
        shop.ecluse("deploy", "local", "--release", two)
        assert get(shop.port)[0] == 503
        assert get(shop.port, "/readiness/") == (200, f'{{"release": "{two}"}}')
        assert shop.status()["maintenance"]["by"]
        assert "visitors get the maintenance page, since" in shop.ecluse("status", "local").output
    finally:
        shop.ecluse("maintenance", "off", "local")
    assert get(shop.port)[0] == 200
    assert "while it is closed" not in shop.effects()
    assert shop.status()["maintenance"] is None
