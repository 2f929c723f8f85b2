"""A site served over TLS by a server that was empty: its certificate, its files, its rollouts, seen from outside.

The authority is Debian's pebble, on the machine itself. It asks a name server that knows every name, once that runs.
"""

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from testbed.containers import await_
from testbed.load.visitors import Load
from testbed.machines import DistantShop, Machine, empty_machine
from testbed.over_tls import NamedConnection, ask, trusting

pytestmark = [pytest.mark.engine, pytest.mark.exhaustive]

NAME = "shop.example"

PEBBLE = """
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends pebble >/dev/null 2>&1
mkdir /pebble
cd /pebble
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout key.pem -out cert.pem 2>/dev/null
cp cert.pem /usr/local/share/ca-certificates/pebble.crt
update-ca-certificates >/dev/null 2>&1
echo '{"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
    "certificate": "cert.pem", "privateKey": "key.pem", "httpPort": 80, "tlsPort": 443}}' >config.json
systemd-run --quiet --unit=pebble --working-directory=/pebble -E PEBBLE_VA_NOSLEEP=1 -E PEBBLE_WFE_NONCEREJECT=0 \
    pebble -config config.json -dnsserver 127.0.0.1:8053
echo SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt >>/etc/environment
"""

NAMES = """
systemd-run --quiet --unit=names pebble-challtestsrv -defaultIPv4 127.0.0.1 -defaultIPv6 "" -management 127.0.0.1:8055 \
    -http01 "" -https01 "" -tlsalpn01 ""
"""


class FrontedShop(DistantShop):
    """The small project, whose machine is provisioned with nginx and a certificate of pebble."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        super().__init__(folder, machine)
        settings = folder / "shop" / "settings.py"
        text = settings.read_text().replace('ALLOWED_HOSTS = ["', f'ALLOWED_HOSTS = ["{NAME}", "')
        # It would redirect for ever if it did not know that visitors speak HTTPS.
        text = text.replace("MIDDLEWARE = [", 'MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", ')
        settings.write_text(f"{text}SECURE_SSL_REDIRECT = True\n")
        self.pin(machine.host_key)

    def pin(self, host_key: str) -> None:
        super().pin(host_key)
        key = " ".join((self.folder.parent / "key.pub").read_text().split()[:2])
        front = f"ecluse.FrontServer(names=({NAME!r},), tls=ecluse.Acme(directory='https://localhost:14000/dir'))"
        provision = f"import ecluse\nPROVISION = ecluse.Provision(keys=({key!r},), front={front})\n"
        text = (self.folder / "pipeline.py").read_text().replace("faces_world", "provision=PROVISION, faces_world")
        text = text.replace("http://127.0.0.1:8700", f"https://{NAME}").replace(
            "import os\n", f"import os\n{provision}"
        )
        (self.folder / "pipeline.py").write_text(text)

    def changes(self, *arguments: str) -> list[str]:
        """The items that a command has changed, or would change."""
        return list(self.data(*arguments, "local", "--json")["changes"])

    def asks(self) -> NamedConnection:
        """A visitor's connection, which trusts pebble alone."""
        return NamedConnection(NAME, self.machine.address, self._trusted)

    def trust(self) -> None:
        """Trust pebble from now on."""
        self._trusted = trusting(self.machine.run("curl -sf https://localhost:15000/roots/0"))

    def get(self, path: str, **headers: str) -> tuple[int, Mapping[str, str], str]:
        return ask(self.asks(), path, **headers)

    def style(self, release: str) -> str:
        """The address of the release's own style sheet, whose name holds its hash."""
        place = "/home/shop/ecluse/shop-local/.ecluse/environments/local"
        names = self.machine.run(f"cat {place}/releases/{release}/static.txt")
        [name] = re.findall(r"^shop\.[0-9a-f]{12}\.css$", names, re.MULTILINE)
        return f"/static/{name}"

    def serial(self) -> str:
        """The serial number of the certificate that visitors are shown."""
        shown = f"echo | openssl s_client -connect localhost:443 -servername {NAME} 2>/dev/null"
        return self.machine.run(f"{shown} | openssl x509 -noout -serial")


@pytest.fixture(scope="module")
def shop(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontedShop]:
    folder = tmp_path_factory.mktemp("fronted")
    with empty_machine(folder) as machine:
        machine.run(PEBBLE)
        yield FrontedShop(folder / "shop", machine)


def test_name_that_does_not_point_here_leaves_all_else_done(shop: FrontedShop) -> None:
    done = shop.ecluse("provision", "local", check=False)
    assert done.returncode == 10 and "Traceback" not in done.output, done.output
    assert f"the authority gives no certificate: it does not find {NAME} on this server" in done.output
    assert shop.changes("plan", "provision") == ["certificate"]
    plain = http.client.HTTPConnection(shop.machine.address)
    assert ask(plain, Host=NAME)[::2] == (503, "No certificate yet.\n")


def test_empty_server_becomes_a_site_over_tls(shop: FrontedShop) -> None:
    shop.machine.run(NAMES)
    assert shop.changes("provision") == ["certificate"]
    began = time.monotonic()
    assert shop.changes("provision") == [] and time.monotonic() - began < 60
    shop.trust()
    status, headers, text = shop.get("/")
    assert (status, headers["retry-after"], "unavailable" in text) == (503, "60", True)

    one = shop.release("one")
    shop.ecluse("deploy", "local", "--release", one)
    status, headers, text = shop.get("/")
    assert (status, text.split()[:2]) == (200, ["one", one])
    assert (headers["x-content-type-options"], headers["server"]) == ("nosniff", "nginx")
    status, headers, _ = ask(http.client.HTTPConnection(shop.machine.address), "/a?b", Host=NAME)
    assert (status, headers["location"]) == (308, f"https://{NAME}/a?b")
    assert [port for port in (22, 80, 443, 8000, 8053, 14000, 5432) if answers(shop, port)] == [22, 80, 443]
    assert shop.changes("plan", "provision") == []


def test_files_come_from_the_disk_with_their_caching(shop: FrontedShop) -> None:
    style = shop.style(shop.release("one"))
    status, headers, _ = shop.get(style)
    assert (status, headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert headers["content-type"] == "text/css"
    assert shop.get("/static/shop.css")[1]["cache-control"] == "no-cache"
    status, headers, _ = shop.get("/static/shop.0123456789ab.css")
    assert (status, headers["cache-control"]) == (404, "no-store")
    place = "/home/shop/ecluse/shop-local/.ecluse/environments/local"
    shop.machine.run(
        f'runuser -u shop -- sh -c \'cd {place}/media && echo picture >a.png && echo "<script>" >b.html '
        f"&& ln -s ../secrets.json c.json'"
    )
    assert shop.get("/media/a.png")[1]["content-security-policy"] == "default-src 'none'; sandbox"
    assert shop.get("/media/b.html")[1]["content-disposition"] == "attachment"
    assert shop.get("/media/c.json")[0] == 403
    assert shop.get("/media/../secrets.json")[0] == shop.get("/static/../secrets.json")[0] == 404


def test_rollout_behind_nginx_loses_no_visitor(shop: FrontedShop) -> None:
    one = shop.release("one")
    old = shop.style(one)
    sheet = shop.folder / "shop" / "static" / "shop.css"
    sheet.write_text(sheet.read_text() + "p { color: red }\n")
    two = shop.release("two")
    with Load(opened=shop.asks, rate=6) as load:
        load.wait(20)
        shop.ecluse("deploy", "local", "--release", two)
        load.wait(20)
        new = shop.style(two)
        assert new != old and shop.get(new)[0] == shop.get(old)[0] == 200
        shop.ecluse("rollback", "local")
        load.wait(20)
    assert load.lost == []
    assert load.answers[one] > 20 and load.answers[two] > 10
    assert shop.get(new)[0] == shop.get(old)[0] == 200
    assert shop.machine.run("readlink -f /home/shop/ecluse/shop-local/.ecluse/environments/local/static").endswith(
        f"/releases/{one}/static"
    )


def test_maintenance_page_is_shown_also_by_nginx_alone(shop: FrontedShop) -> None:
    shop.ecluse("maintenance", "on", "local")
    status, headers, text = shop.get("/")
    assert (status, headers["content-type"], headers["cache-control"]) == (503, "text/html; charset=utf-8", "no-store")
    shop.ecluse("stop", "local")
    status, headers, again = shop.get("/")
    assert (status, headers["content-type"], again) == (503, "text/html", text)
    shop.ecluse("start", "local")
    shop.ecluse("maintenance", "off", "local")
    assert shop.get("/")[0] == 200


def test_certificate_is_renewed_and_then_shown(shop: FrontedShop) -> None:
    before = shop.serial()
    assert shop.machine.run("systemctl is-enabled certbot.timer") == "enabled"
    shop.machine.run("certbot renew --force-renewal --no-random-sleep-on-renew >/dev/null 2>&1")
    await_(lambda: shop.serial() not in ("", before), "nginx shows the new certificate", 60)
    assert shop.changes("plan", "provision") == []


def answers(shop: FrontedShop, port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(2)
        return client.connect_ex((shop.machine.address, port)) == 0
