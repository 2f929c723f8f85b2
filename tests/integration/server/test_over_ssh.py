"""A server reached by SSH: the same commands and the same rollout, whatever becomes of the line."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.load.visitors import Load
from testbed.machines import DistantShop, Machine, machine

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def bare(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("machine")) as found:
        yield found


@pytest.fixture(scope="module")
def distant(bare: Machine, tmp_path_factory: pytest.TempPathFactory) -> DistantShop:
    """The shop, which nobody has rolled out yet, and whose machine's key is not pinned."""
    return DistantShop(tmp_path_factory.mktemp("distant") / "shop", bare)


@pytest.fixture
def shop(distant: DistantShop) -> DistantShop:
    """The shop, with release "one" serving, whatever the test before has done."""
    distant.pin(distant.machine.host_key)
    distant.ecluse("deploy", "local", "--release", distant.release("one"))
    return distant


@pytest.fixture
def one(shop: DistantShop) -> str:
    return shop.release("one")


@pytest.fixture
def two(shop: DistantShop) -> str:
    return shop.release("two")


def refused(shop: DistantShop, said: str) -> None:
    done = shop.ecluse("status", "local", check=False)
    assert done.returncode == 10 and said in done.output and "Traceback" not in done.output, done.output


def test_machine_without_the_pinned_key_is_refused(distant: DistantShop, tmp_path: Path) -> None:
    refused(distant, "the key of this machine is not pinned in pipeline.py")
    done = distant.ecluse("host-key", "local")
    assert f'host_key="{distant.machine.host_key}",' in done.output.splitlines()

    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    distant.pin(" ".join((tmp_path / "other.pub").read_text().split()[:2]))
    refused(distant, "this machine shows another key than the one that is pinned")
    assert distant.ecluse("host-key", "local", check=False).returncode == 10

    distant.pin(distant.machine.host_key)
    key, distant.variables["LOCAL_SSH_KEY"] = distant.variables["LOCAL_SSH_KEY"], (tmp_path / "other").read_text()
    refused(distant, "the machine lets nobody in with this key")
    distant.variables["LOCAL_SSH_KEY"] = key
    assert distant.machine.run("ls /home/shop") == "", "something was sent"


def test_commands_give_what_they_give_on_the_machine(shop: DistantShop, one: str, two: str) -> None:
    assert shop.status()["serving"] == one
    plan = shop.data("plan", "deploy", "local", "--release", two, "--json")
    assert (plan["serving"], plan["release"], plan["goes"]) == (one, two, True)
    assert f"deploy    {one}  succeeded" in shop.ecluse("history", "local").output
    assert "GET /readiness/" in shop.ecluse("logs", "local").output
    shop.variables["DJANGO_SUPERUSER_PASSWORD"] = "it's $HOME of nobody"
    said = 'echo "$TOKEN of $ECLUSE_RELEASE"; echo "$DJANGO_SUPERUSER_PASSWORD" | tr a-z b-za; exit 7'
    done = shop.ecluse("exec", "local", "--", "sh", "-c", said, check=False)
    assert (done.returncode, f"of {one}" in done.output) == (7, True)
    assert "ju't $HOME pg opcpez" in done.output
    assert shop.machine.run("ls -A /home/shop/ecluse/shop-local | grep variables || true") == ""
    del shop.variables["DJANGO_SUPERUSER_PASSWORD"]
    assert "visitors of local get the maintenance page" in shop.ecluse("maintenance", "on", "local").output
    assert "visitors of local get the site" in shop.ecluse("maintenance", "off", "local").output
    assert shop.ecluse("deploy", "local", "--release", "nothing", check=False).returncode == 5


def test_secrets_reach_the_site_and_the_private_key_stays(shop: DistantShop) -> None:
    token, place = shop.variables["TOKEN"], "/home/shop/ecluse/shop-local"
    found = shop.machine.run(f"grep -rlF {token} {place} || true").splitlines()
    assert f"{place}/.ecluse/environments/local/secrets.json" in found
    assert {shop.machine.run(f"stat -c %a {path}") for path in found} == {"600"}
    assert not [path for path in found if not path.startswith(f"{place}/.ecluse/environments/local/")]
    assert shop.machine.run(f"grep -rl 'OPENSSH PRIVATE' {place} || true") == ""


def test_rollout_goes_on_over_a_cut_line_and_loses_nothing(shop: DistantShop, one: str, two: str) -> None:
    with shop.tunnel() as port:
        with Load(port, rate=40) as load:
            load.wait(40)
            begun = len(shop.said)
            command = shop.begin("deploy", "local", "--release", two)
            shop.await_said("preflight", begun)
            assert shop.cut(command) > 0
            assert command.wait() == 0
            load.wait(40)
            shop.ecluse("rollback", "local")
            load.wait(40)
    assert load.lost == []
    assert load.answers[one] > 20 and load.answers[two] > 20
    assert "was cut" in shop.said[begun:] and f"release {two} serves after" in shop.said[begun:]
    assert shop.status()["serving"] == one


def test_rollout_without_its_caller_is_picked_up_by_follow(shop: DistantShop, two: str) -> None:
    begun = len(shop.said)
    command = shop.begin("deploy", "local", "--release", two)
    shop.await_said("stage", begun)
    shop.cut(command)
    shop.kill(command)
    done = shop.ecluse("follow", "local")
    assert f"release {two} serves after" in done.output and "  prune" in done.output
    assert shop.status()["serving"] == two


def test_interrupted_rollout_is_undone_and_leaves_no_lock(shop: DistantShop, one: str) -> None:
    never = shop.release("never", READY=False)
    begun = len(shop.said)
    command = shop.begin("deploy", "local", "--release", never)
    shop.await_said("migrate", begun)
    second = shop.ecluse("deploy", "local", "--release", one, check=False)
    assert second.returncode == 7 and "another rollout is under way" in second.output
    command.send_signal(signal.SIGINT)
    assert command.wait() == 130, shop.said[begun:]
    assert f"{one} serves" in shop.said[begun:]
    assert shop.ecluse("unlock", "local").output.strip() == "nobody holds the lock of local"
    assert shop.status()["serving"] == one


@pytest.mark.exhaustive
def test_data_is_saved_and_brought_back_on_the_server(shop: DistantShop) -> None:
    shop.machine.run("DEBIAN_FRONTEND=noninteractive apt-get install -qq -y restic; install -d -o shop /srv/vault")
    shop.variables |= {"SHOP_BACKUPS": "/srv/vault/shop", "RESTIC_PASSWORD": "a-password-of-the-vault"}
    with shop.tunnel() as port, Load(port, rate=40) as load:
        load.wait(40)
        made = shop.data("backup", "local", "--json")
        load.wait(40)
    assert load.lost == [] and made["proved"] and made["database"]["rows"] > 0
    del shop.variables["RESTIC_PASSWORD"]  # the environment keeps it
    assert [one["id"] for one in shop.data("backups", "local", "--json")] == [made["id"]]
    shop.ecluse("restore", "local", "--into", "/home/shop/back")
    assert shop.machine.run("head -c 5 /home/shop/back/database.dump") == "PGDMP"
    place = "/home/shop/ecluse/shop-local"
    found = shop.machine.run(f"grep -rlF a-password-of-the-vault {place} || true").splitlines()
    assert found == [f"{place}/.ecluse/environments/local/backup.json"]
    del shop.variables["SHOP_BACKUPS"]
