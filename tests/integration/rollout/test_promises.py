"""Promises of rollouts to this machine: what was rolled out is what runs, and what a command says has happened.

docs/explanation/promises.md has them in words.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecluse.errors import RolloutError, TargetError
from ecluse.machine import process
from testbed.load.visitors import Load
from testbed.shop import Shop
from testbed.waiting import until
from tests.integration.rollout.conftest import linked


def environ(pid: int) -> dict[str, str]:
    """The environment that a process was started with."""
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


@pytest.fixture
def configured(fresh_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop with a secret and a variable, whose first release serves."""
    monkeypatch.setenv("API_KEY", "key-that-leaks")
    pipeline = fresh_shop.folder / "pipeline.py"
    text = pipeline.read_text()
    pipeline.write_text(
        text.replace("watch=1,", 'watch=1, secrets=("API_KEY",),').replace(
            "if BROKER else {}", 'if BROKER else {"FEATURE": "off"}'
        )
    )
    fresh_shop.release("one")
    fresh_shop.ecluse("deploy", "local")
    yield fresh_shop


def seen(shop: Shop) -> set[tuple[str | None, str | None]]:
    """The secret and the variable, as the processes of the site and a command inside have them."""
    found = [environ(pid) for pid in shop.pids()]
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    found.append(json.loads(shop.ecluse("exec", "local", "python", "-c", code).output.splitlines()[-1]))
    return {(one.get("API_KEY"), one.get("FEATURE")) for one in found}


def kept(shop: Shop) -> dict[str, str]:
    found: dict[str, str] = json.loads((shop.place / "secrets.json").read_text())
    return found


def test_changed_configuration_is_rolled_out_and_back(configured: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, pipeline = configured, configured.folder / "pipeline.py"
    code = shop.release("one")
    assert seen(shop) == {("key-that-leaks", "off")}
    monkeypatch.setenv("API_KEY", "rotated-key")
    pipeline.write_text(pipeline.read_text().replace('"off"', '"on"'))
    with Load(shop.port, rate=25) as load:
        load.wait(10)
        shop.ecluse("deploy", "local")
        load.wait(10)
    assert load.lost == []
    assert seen(shop) == {("rotated-key", "on")} and kept(shop)["API_KEY"] == "rotated-key"
    second = shop.status()["serving"]
    assert re.fullmatch(rf"{code}-[0-9a-f]{{6}}", second)
    assert "serves already" in shop.ecluse("deploy", "local").output
    # Going back brings back what ran before, and what is kept follows what serves.
    shop.ecluse("rollback", "local")
    assert shop.status()["serving"] == code
    assert seen(shop) == {("key-that-leaks", "off")} and kept(shop)["API_KEY"] == "key-that-leaks"
    # A secret that nobody names is gone.
    pipeline.write_text(pipeline.read_text().replace('secrets=("API_KEY",),', ""))
    shop.ecluse("deploy", "local")
    assert seen(shop) == {(None, "on")} and set(kept(shop)) == {"DJANGO_SECRET_KEY"}


def test_configuration_that_fails_is_neither_used_nor_kept(configured: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "rotated-key")
    pipeline = configured.folder / "pipeline.py"
    pipeline.write_text(pipeline.read_text().replace('{"FEATURE": "off"}', '{"DJANGO_SETTINGS_MODULE": "nowhere"}'))
    assert not configured.ecluse("deploy", "local", check=False).ok
    assert seen(configured) == {("key-that-leaks", "off")} and kept(configured)["API_KEY"] == "key-that-leaks"


def power_cut(shop: Shop) -> None:
    """End every process of the environment at once, as nothing but the machine can."""
    folder = os.path.realpath(shop.place)
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = [(entry / name).read_bytes().decode(errors="replace") for name in ("cmdline", "environ")]
            told.append(os.readlink(entry / "cwd"))
        except OSError:
            continue
        if int(entry.name) != os.getpid() and any(f"{folder}/" in f"{one}/" for one in told):
            found.append(int(entry.name))
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in found:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
    until(lambda: shop.running() == [], "the end of all processes")


def test_release_without_a_page_or_a_client_warns(shop: Shop, one: str) -> None:
    urls, styles = shop.folder / "shop" / "urls.py", shop.folder / "shop" / "static" / "client" / "a.css"
    text = urls.read_text()
    styles.parent.mkdir()
    styles.write_text("a {}")
    urls.write_text(text.replace("urlpatterns = [", 'urlpatterns = [path("feed/<int:year>/", page), '))
    more = shop.release("more")
    shop.ecluse("deploy", "local", "--release", more)
    styles.unlink()
    urls.write_text(text)
    less = shop.release("less")
    done = shop.ecluse("deploy", "local", "--release", less)
    assert f"warning: unlike release {more}, it lacks pages /feed/" in done.output
    assert f"warning: unlike release {more}, it lacks static files in /client/" in done.output
    assert shop.serving()["web"] == {less}


def test_site_serves_at_the_first_start_after_a_power_cut(shop: Shop, one: str) -> None:
    (shop.place / "slots" / "1" / "errors").write_text("500 GET /boom/\n" * 9)
    (shop.place / "slots" / "2" / "errors").write_text("500 GET /boom/\n" * 9)
    power_cut(shop)
    # After a restart of the machine these numbers are anybody's: here, of a person who looks into the folder.
    log = shop.place / "postgres" / "postgresql.conf"
    reader = process.spawn(("tail", "-f", log), cwd=shop.place, stdout=subprocess.DEVNULL)
    try:
        for name in ("postgres/postmaster.pid", "supervisord.pid", "slots/1/lock"):
            path = shop.place / name
            path.write_text("\n".join([str(reader.pid), *path.read_text().splitlines()[1:]]) + "\n")
        done = shop.ecluse("start", "local")
        assert reader.poll() is None, "the process of somebody else goes on"
    finally:
        process.stop(reader)
    assert (shop.status()["serving"], shop.status()["healthy"]) == (one, True), done.output


def test_broken_release_after_a_power_cut_leaves_what_served(shop: Shop, one: str) -> None:
    never = shop.release("never", READY=False)
    power_cut(shop)
    with pytest.raises(RolloutError, match=f"release {one} serves again"):
        shop.roll_out(never, gate_seconds=3)
    assert (shop.status()["serving"], shop.status()["healthy"]) == (one, True)


def test_old_static_files_and_failed_releases_are_deleted(fresh_shop: Shop) -> None:
    shop = fresh_shop
    releases = shop.place / "releases"
    bundles = shop.folder / "shop" / "static"
    for number in range(6):
        (bundles / f"bundle-{number}.js").write_text(f"bundle {number}")
        (bundles / f"bundle-{number - 1}.js").unlink(missing_ok=True)
        shop.release(f"version{number}")
        shop.ecluse("deploy", "local")
    serving = shop.status()["serving"]
    names = {path.name for path in (releases / serving / "static").glob("bundle-?.js")}
    assert names == {f"bundle-{number}.js" for number in range(1, 6)}, "the files of the five releases that are kept"
    for number in range(2):
        bad = shop.release(f"bad{number}", CHECKS=f"fails {number}", READY=False)
        with pytest.raises(RolloutError):
            shop.roll_out(bad, gate_seconds=0.5)
    assert len([path for path in releases.iterdir() if not path.name.startswith(".")]) <= 5
    assert shop.status()["serving"] == serving
    shop.ecluse("rollback", "local")


def test_any_folder_will_do(shop: Shop) -> None:
    name = "my shop #2; 100%s, in a folder whose name is too long for that of a socket"
    with tempfile.TemporaryDirectory(prefix="ecluse-") as folder:
        Path(folder).chmod(0o755)
        (Path(folder).resolve() / name).mkdir()
        odd = linked(Shop(Path(folder).resolve() / name / "shop"), shop)
        before = os.umask(0)
        try:
            release = odd.release("one")
            odd.ecluse("deploy", "local")
            assert odd.status()["serving"] == release and odd.status()["healthy"]
            assert len(os.fsencode(odd.place / "supervisor.sock")) > 107 and (odd.place / "supervisor.sock").is_socket()
            odd.query("SELECT 1")
            writable = [path for path in odd.place.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022]
            assert [path for path in writable if "venvs" not in path.parts] == []
        finally:
            os.umask(before)
            odd.close()


def test_supervisor_whose_socket_is_gone_is_not_taken_for_dead(fresh_shop: Shop) -> None:
    shop = fresh_shop
    one, two = shop.release("one"), shop.release("two")
    shop.ecluse("deploy", "local", "--release", one)
    before, port = shop.pids(), shop.port
    (shop.place / "supervisor.sock").rename(shop.place / "tidied")
    try:
        for arguments in (("deploy", "local", "--release", two), ("status", "local"), ("stop", "local")):
            done = shop.ecluse(*arguments, check=False)
            assert done.returncode == TargetError.exit_code
            assert "its socket is gone. The site goes on" in done.output and "hint:  kill " in done.output
    finally:
        (shop.place / "tidied").rename(shop.place / "supervisor.sock")
    assert (shop.pids(), shop.port, shop.status()["serving"]) == (before, port, one)
