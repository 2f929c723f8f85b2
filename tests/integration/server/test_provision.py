"""An empty Debian, prepared over SSH: from outside it is what was asked for, and nobody is locked out."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecluse.machine import process
from testbed.containers import TOP, await_, docker
from testbed.hosts import address_of
from testbed.machines import Machine, empty_machine
from testbed.over_tls import NamedConnection, ask, trusting

pytestmark = pytest.mark.engine

PIPELINE = """
from ecluse import *
pipeline = Pipeline(
    name="shop",
    jobs=(Job(name="nothing", steps=(command("true"),)),),
    environments=(
        Environment(
            name="production", target="server", settings="shop.settings", url="https://shop.example",
            host={host!r}, user="shop", host_key={host_key!r},
            provision=Provision(
                keys=({key!r},), packages=("tree",), time_zone="Europe/Paris",
                front=FrontServer(
                    names=("shop.example",), tls=Certificate(chain="/etc/ssl/shop.pem", key="/etc/ssl/shop.key"),
                    admin_from=("192.0.2.0/24",), hsts_seconds=3600,
                ),
            ),
        ),
    ),
)
"""


CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=shop.example -addext subjectAltName=DNS:shop.example "
    "-keyout /etc/ssl/shop.key -out /etc/ssl/shop.pem 2>/dev/null"
)


class Prepared:
    """A repository in *folder* that prepares *machine*."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.folder, self.machine = folder, machine

    def let_in(self, public: Path) -> None:
        """Name the one key that may sign in."""
        key = " ".join(public.read_text().split()[:2])
        text = PIPELINE.format(host=self.machine.address, host_key=self.machine.host_key, key=key)
        (self.folder / "pipeline.py").write_text(text)

    def ecluse(self, *arguments: str) -> process.Answer:
        argv = (sys.executable, "-m", "ecluse", *arguments, "production", "--json")
        more = {"PYTHONPATH": str(TOP / "src"), "SSH_KEY": self.machine.key}
        return process.read(argv, cwd=self.folder, extra=more, check=False, timeout=600)

    def changes(self, *arguments: str) -> list[str]:
        """The items that a command has changed, or would change."""
        done = self.ecluse(*arguments)
        assert done.ok, done.errors.decode()
        return list(json.loads(done.text)["changes"])

    def answers(self, port: int) -> bool:
        with socket.socket() as client:
            client.settimeout(2)
            return client.connect_ex((self.machine.address, port)) == 0

    def signs_in(self, account: str, command: str = "true") -> bool:
        options = ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes")
        argv = ["ssh", "-i", str(self.folder / "key"), *(word for one in options for word in ("-o", one))]
        done = process.read([*argv, f"{account}@{self.machine.address}", command], check=False, timeout=300)
        return done.ok


@pytest.fixture(scope="module")
def prepared(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    folder = tmp_path_factory.mktemp("prepared")
    with empty_machine(folder) as machine:
        machine.run(CERTIFICATE)
        yield Prepared(folder, machine)


def test_provision_that_would_lock_out_is_taken_back(prepared: Prepared, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    prepared.let_in(tmp_path / "other.pub")
    done = prepared.ecluse("provision")
    assert done.returncode == 10 and b"no new SSH connection was possible" in done.errors, done.errors
    assert prepared.signs_in("root", "sshd -T | grep -q '^permitrootlogin yes'; ! nft list table inet ecluse")


def test_provision_makes_the_server_that_the_plan_shows(prepared: Prepared) -> None:
    prepared.let_in(prepared.folder / "key.pub")
    planned = prepared.changes("plan", "provision")
    assert planned == ["account admin", "account shop", "ssh", "firewall"]  # the rest was done before it was taken back
    assert prepared.changes("provision") == planned
    assert prepared.changes("provision") == prepared.changes("plan", "provision") == []

    assert prepared.signs_in("admin", "sudo -n true && tree --version") and prepared.signs_in("shop")
    assert not prepared.signs_in("shop", "sudo -n true")
    assert not prepared.signs_in("root")
    assert prepared.machine.run("date --date 2026-07-01T12:00Z +%H%Z").strip() == "14CEST"
    assert prepared.machine.run("sshd -T | grep -E '^(passwordauthentication|permitrootlogin) '").split() == [
        *("permitrootlogin", "no", "passwordauthentication", "no"),
    ]


def test_firewall_opens_few_ports_also_after_a_restart(prepared: Prepared) -> None:
    docker("restart", prepared.machine.name)
    prepared.machine.address = address_of(prepared.machine.name)
    prepared.let_in(prepared.folder / "key.pub")
    await_(lambda: prepared.answers(22), "its SSH server answers", 120)
    # Until then it lets in root alone.
    up = ("exec", prepared.machine.name, "systemctl", "is-active", "systemd-user-sessions.service")
    await_(lambda: docker(*up, check=False).returncode == 0, "it has started", 120)
    prepared.machine.run("systemd-run --quiet --unit=site python3 -m http.server --directory /usr/share 8000")
    await_(lambda: prepared.answers(80) and prepared.answers(443), "nginx answers", 60)
    inside = "import socket; socket.create_connection(('127.0.0.1', 8000))"
    ask = ("exec", prepared.machine.name, "python3", "-c", inside)
    await_(lambda: docker(*ask, check=False).returncode == 0, "port 8000 answers on the machine itself", 60)
    assert not prepared.answers(8000)
    assert prepared.changes("plan", "provision") == []


def test_nginx_answers_its_names_alone_and_over_tls(prepared: Prepared) -> None:
    address = prepared.machine.address
    certificate = prepared.machine.run("cat /etc/ssl/shop.pem")
    trusted = trusting(certificate)
    status, headers, _ = ask(NamedConnection("shop.example", address, trusted))  # of what is on port 8000
    assert (status, headers["x-content-type-options"], headers["server"]) == (200, "nosniff", "nginx")
    assert headers["strict-transport-security"] == "max-age=3600"
    assert ask(NamedConnection("shop.example", address, trusted), "/admin/")[0] == 403
    status, headers, _ = ask(NamedConnection("shop.example", address, trusted), "/static/none.css")
    assert (status, headers["cache-control"]) == (404, "no-store")

    status, headers, _ = ask(http.client.HTTPConnection(address), "/a?b=c", Host="shop.example")
    assert (status, headers["location"]) == (308, "https://shop.example/a?b=c")
    with pytest.raises(http.client.RemoteDisconnected):
        ask(http.client.HTTPConnection(address), Host="other.example")
    with pytest.raises(ssl.SSLError, match="(?i)unrecognized.name"):
        ask(NamedConnection("other.example", address, trusted))
    with pytest.raises(ssl.SSLError, match="(?i)protocol.version"):
        ask(NamedConnection("shop.example", address, trusting(certificate, newest=ssl.TLSVersion.TLSv1_1)))


@pytest.mark.exhaustive
def test_files_of_nginx_that_people_made_or_changed(prepared: Prepared) -> None:
    run, site = prepared.machine.run, "/etc/nginx/sites-available/ecluse-shop-production"
    run(f"sed -i s/10m/20m/ {site}; echo nonsense >/etc/nginx/conf.d/theirs.conf")
    assert prepared.changes("plan", "provision") == ["nginx"]
    done = prepared.ecluse("provision")
    assert done.returncode == 10 and b"nginx refuses the files, and has the earlier ones back" in done.errors
    assert b"theirs.conf" in done.errors and run(f"grep client_max_body_size {site}").endswith("20m;")
    run(f"cp {site} /root; rm /etc/nginx/conf.d/theirs.conf; echo '# mine' >{site}")
    assert f"{site} is there and was not written by ecluse".encode() in prepared.ecluse("provision").errors
    run(f"mv /root/ecluse-shop-production {site}")
    assert prepared.changes("provision") == ["nginx"] and prepared.changes("plan", "provision") == []

    run("systemctl stop nginx; systemd-run --quiet --unit=taker python3 -m http.server 80")
    done = prepared.ecluse("provision")
    assert done.returncode == 10 and b"port 80 is taken by python3 (process " in done.errors, done.errors
    run("systemctl stop taker; systemctl start nginx")


def test_files_of_people_stay_and_their_changes_are_shown(prepared: Prepared) -> None:
    prepared.machine.run("echo 'permitrootlogin yes' >/etc/ssh/sshd_config.d/00-ecluse.conf")
    done = prepared.ecluse("plan", "provision")
    assert done.returncode == 10 and b"was not written by ecluse" in done.errors
    prepared.machine.run("rm /etc/ssh/sshd_config.d/00-ecluse.conf; nft delete table inet ecluse")
    assert prepared.changes("plan", "provision") == ["ssh", "firewall"]


def test_account_of_the_site_gains_nothing_by_a_link(prepared: Prepared) -> None:
    before = prepared.machine.run("stat -c '%U %n' /root/.ssh; cat /root/.ssh/authorized_keys")
    prepared.machine.run("rm -r ~shop/.ssh; ln -s /root/.ssh ~shop/.ssh")
    done = prepared.ecluse("provision")
    assert done.returncode == 10 and b"the keys of shop cannot be written" in done.errors, done.errors
    assert prepared.machine.run("stat -c '%U %n' /root/.ssh; cat /root/.ssh/authorized_keys") == before
    prepared.machine.run("rm ~shop/.ssh")
    assert "account shop" in prepared.changes("provision")
    assert prepared.signs_in("shop")


def test_removal_takes_our_own_away_and_locks_nobody_out(prepared: Prepared) -> None:
    planned = prepared.changes("plan", "provision", "--remove")
    assert planned == ["nginx", "start", "nginx of the machine", "upgrades", "firewall", "ssh"]
    assert planned == prepared.changes("provision", "--remove")
    assert prepared.changes("plan", "provision", "--remove") == []
    assert prepared.signs_in("root", "! nft list table inet ecluse") and prepared.signs_in("admin", "sudo -n true")
    assert prepared.machine.run("grep -rl 'Written by `ecluse' /etc || true") == "/etc/sudoers.d/ecluse"
