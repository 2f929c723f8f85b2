"""A site whose machine is gone is served by another machine, from its backup alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.containers import docker
from testbed.load.visitors import Load
from testbed.machines import Machine, ProvisionedShop, empty_machine

pytestmark = [pytest.mark.engine, pytest.mark.exhaustive]

PLACE = "/home/shop/ecluse/shop-local/.ecluse/environments/local"
PSQL = "runuser -u shop -- psql --quiet shop-local -c"
ROWS = "runuser -u shop -- pg_dump --data-only --column-inserts shop-local | grep ^INSERT | LC_ALL=C sort"
FILES = f"cd {PLACE}/media && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum"


@pytest.fixture(scope="module")
def vault(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine that keeps backups for whoever has a key of the account ``keeper``."""
    with empty_machine(tmp_path_factory.mktemp("vault")) as found:
        found.run("useradd --create-home keeper; install -d -o keeper -m 700 /srv/shop /home/keeper/.ssh")
        yield found


def let_in(machine: Machine, vault: Machine) -> None:
    """Let the account of the site on *machine* reach the keeper of *vault* without a question."""
    host = f"{vault.address} {vault.host_key}"
    key = machine.run(
        'runuser -u shop -- sh -ec \'ssh-keygen -q -t ed25519 -N "" -f ~/.ssh/id_ed25519; '
        f'echo "{host}" >>~/.ssh/known_hosts; cat ~/.ssh/id_ed25519.pub\''
    )
    vault.run(f"echo '{key}' >>/home/keeper/.ssh/authorized_keys; chown -R keeper: /home/keeper/.ssh")


def prepared(shop: ProvisionedShop, machine: Machine, vault: Machine) -> str:
    """Let *shop* be served by *machine*. Returns what the preparation has said."""
    # The authorities that the image trusts, for programs that bring their own.
    machine.run("echo SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt >>/etc/environment")
    shop.machine, shop.variables["LOCAL_SSH_KEY"] = machine, machine.key
    shop.pin(machine.host_key)
    said = shop.ecluse("provision", "local").output
    assert shop.changes("provision") == []
    let_in(machine, vault)
    shop.ecluse("deploy", "local", "--release", shop.release("one"))
    return said


def test_destroyed_machine_is_replaced_from_the_backup_alone(vault: Machine, tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with empty_machine(tmp_path / "first") as first:
        shop = ProvisionedShop(tmp_path / "shop", first)
        shop.variables["SHOP_BACKUPS"] = f"sftp:keeper@{vault.address}:/srv/shop"
        said = prepared(shop, first, vault)
        assert f"{PLACE}/backup.json" in said and "keep a copy of that file elsewhere" in said
        insert = "INSERT INTO shop_effect (token) SELECT 'row ' || n FROM generate_series(1, 2000) n"
        first.run(
            f'{PSQL} "{insert}"; cd {PLACE}/media; mkdir -p "a folder/inside"; ln -s "a folder" link; '
            'for n in $(seq 80); do head -c $((n * 997)) /dev/urandom >"a folder/inside/file [$n] é"; done; '
            "chown -hR shop: ."
        )
        unit = "ecluse-shop-local"
        assert first.run(f"systemctl is-active {unit}.backup.timer {unit}.proof.timer") == "active\nactive"
        first.run(f"systemctl start {unit}.backup.service || journalctl -u {unit}.backup.service -n 50")
        [listed] = shop.data("backups", "local", "--json")
        assert listed["proved"], first.run(f"journalctl -u {unit}.backup.service -n 50")
        proved = shop.status()["backup"]["proved"]
        first.run(f"systemctl start {unit}.proof.service")
        assert shop.status()["backup"]["proved"] > proved and shop.status()["backup"]["failed"] is None
        rows, files = first.run(ROWS), first.run(FILES)
        assert rows.count("shop_effect") >= 2000 and files.count("\n") == 79
        password = json.loads(first.run(f"cat {PLACE}/backup.json"))["RESTIC_PASSWORD"]  # kept elsewhere
        first.run(f"{PSQL} \"INSERT INTO shop_effect (token) VALUES ('since')\"")
    assert docker("inspect", first.name, check=False).returncode != 0, "the first machine is still there"

    with empty_machine(tmp_path / "second") as second:
        shop.variables["RESTIC_PASSWORD"] = password
        prepared(shop, second, vault)
        del shop.variables["RESTIC_PASSWORD"]  # `provision` has brought it there
        assert [one["id"] for one in shop.data("backups", "local", "--json")] == [listed["id"]]
        with shop.tunnel() as port:
            done = shop.ecluse("restore", "local", "--in-place")
            assert f"backup {listed['id']}" in done.output
            assert (second.run(ROWS), second.run(FILES)) == (rows, files)
            assert second.run(f"readlink {PLACE}/media/link") == "a folder"
            with Load(port, rate=40) as load:
                load.wait(40)
            assert load.lost == []
        status = shop.status()
        assert status["healthy"] and status["maintenance"] is None and status["serving"] == shop.release("one")
        second.run(f"systemctl start {unit}.backup.service")
        assert len(shop.data("backups", "local", "--json")) >= 2
