"""A site on a server that was empty: provisioned, rolled out, and there again after a restart of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.containers import await_, docker
from testbed.hosts import address_of
from testbed.machines import ProvisionedShop, empty_machine

pytestmark = [pytest.mark.engine, pytest.mark.exhaustive]

PSQL = "psql --no-align --tuples-only --dbname shop-local"


@pytest.mark.parametrize("image", ["bare-machine:13", "bare-machine:12"])
def test_site_and_its_database_outlive_a_restart(tmp_path: Path, image: str) -> None:
    if docker("image", "inspect", image, check=False).returncode != 0:
        pytest.skip(f"no image {image}")
    with empty_machine(tmp_path, image) as machine:
        # The authorities that the image trusts, for programs that bring their own.
        machine.run("echo SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt >>/etc/environment")
        shop = ProvisionedShop(tmp_path / "shop", machine)
        shop.pin(machine.host_key)
        planned = shop.changes("plan", "provision")
        assert "postgresql" in planned and shop.changes("provision") == planned
        assert shop.changes("provision") == []
        [note] = shop.data("plan", "provision", "local", "--json")["notes"]
        version = {"13": "17", "12": "15"}[image[-2:]]
        assert f'version="{version}"' in note

        assert machine.run(f"runuser -u shop -- {PSQL} -c 'SHOW timezone; SHOW transaction_isolation'").split() == [
            *("UTC", "read", "committed"),
        ]
        machine.run("useradd other; runuser -u postgres -- createuser other")
        assert "permission denied" in machine.run(f"runuser -u other -- {PSQL} -c 'SELECT 1' 2>&1 || true")
        assert machine.run("ss -Htln 'sport = 5432' | awk '{print $4}' | sort").split() == [
            "127.0.0.1:5432",
            "[::1]:5432",
        ]

        for what in ("enabled systemd-timesyncd", "enabled redis-server", "active redis-server"):
            machine.run(f"systemctl is-{what}")
        assert machine.run("redis-cli ping; ss -Htln 'sport = 6379' | awk '{print $4}' | sort").split() == [
            *("PONG", "127.0.0.1:6379", "[::1]:6379"),
        ]

        one = shop.release("one")
        shop.ecluse("deploy", "local", "--release", one)
        assert machine.run(f"runuser -u shop -- {PSQL} -c 'SELECT count(*) FROM django_migrations'") != "0"
        docker("restart", machine.name)
        machine.address = address_of(machine.name)
        shop.pin(machine.host_key)
        up = ("exec", machine.name, "systemctl", "is-active", "ecluse-shop-local.service")
        await_(lambda: docker(*up, check=False).returncode == 0, "the site has started with the machine", 600)
        assert shop.serves() == one and shop.changes("plan", "provision") == []
