"""An empty Debian that is watched: what it listens on, what it keeps, and who is told when its disk is full."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ecluse.machine import process
from testbed.containers import TOP, await_, docker
from testbed.machines import IMAGE, Machine, empty_machine

pytestmark = [pytest.mark.engine, pytest.mark.exhaustive]

PIPELINE = """
from ecluse import *
pipeline = Pipeline(
    name="shop",
    jobs=(Job(name="nothing", steps=(command("true"),)),),
    environments=(
        Environment(
            name="production", target="server", settings="shop.settings", url="http://shop.example",
            host={host!r}, user="shop", host_key={host_key!r},
            provision=Provision(keys=({key!r},)),
            monitoring=Monitoring(
                receivers=(Receiver("team", webhook_secret="HOOK"), Receiver("post", mail="team@shop.example")),
                mail_server="127.0.0.1:2525",
                mail_from="alerts@shop.example",
                heartbeat_secret="BEAT",
                policies=(Policy("disk", for_=15),),
                # What the machine that runs the tests does is nobody's alert here.
                without=(
                    *("processor", "forks", "traffic", "disk-traffic", "inodes", "memory"),
                    *("disk-critical", "disk-hours", "disk-hours-critical"),
                ),
            ),
        ),
    ),
)
"""

SERVICE = "http://127.0.0.1:9999"
SINK = """
import http.server, socketserver, threading
class Sink(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("/var/tmp/told", "ab") as file:
            file.write(body.strip() + b"\\n")
        self.send_response(200)
        self.end_headers()
class Mail(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 sink\\r\\n")
        data = False
        for line in self.rfile:
            with open("/var/tmp/mail", "ab") as file:
                file.write(line.replace(b"\\r", b""))
            if not data:
                data = line.upper().startswith(b"DATA")
                self.wfile.write(b"354 go on\\r\\n" if data else b"250 well\\r\\n")
            elif line == b".\\r\\n":
                data = False
                self.wfile.write(b"250 taken\\r\\n")
mail = socketserver.ThreadingTCPServer(("127.0.0.1", 2525), Mail)
threading.Thread(target=mail.serve_forever, daemon=True).start()
http.server.HTTPServer(("127.0.0.1", 9999), Sink).serve_forever()
"""


class Watched:
    """A repository in *folder* whose environment is on *machine*."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.folder, self.machine = folder, machine
        key = " ".join((folder / "key.pub").read_text().split()[:2])
        text = PIPELINE.format(host=machine.address, host_key=machine.host_key, key=key)
        (folder / "pipeline.py").write_text(text)
        (folder / "requirements").mkdir()
        shutil.copy(TOP / "requirements" / "ecluse.txt", folder / "requirements")

    def ecluse(self, *arguments: str, **more: str) -> process.Answer:
        argv = (sys.executable, "-m", "ecluse", *arguments)
        known = {"PYTHONPATH": str(TOP / "src"), "SSH_KEY": self.machine.key, **more}
        return process.read(argv, cwd=self.folder, extra=known, check=False, timeout=900)

    def alerts(self) -> list[Any]:
        """The alerts that `ecluse status` names."""
        done = self.ecluse("status", "production", "--json")
        assert done.returncode == 1, done.errors.decode()  # nothing was rolled out
        found: list[Any] = json.loads(done.text)["alerts"]
        return found

    def messages(self) -> list[Any]:
        """The messages that the receiver has got."""
        return [json.loads(line) for line in self.machine.run("cat /var/tmp/told 2>/dev/null || true").splitlines()]

    def told(self) -> list[tuple[str, str]]:
        """The alerts that people were told of: name, and whether it is over."""
        alerts = (alert for message in self.messages() for alert in message["alerts"])
        told = [(alert["labels"]["alertname"], alert["status"]) for alert in alerts]
        return [one for one in told if one[0] != "heartbeat"]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    if docker("image", "inspect", IMAGE, check=False).returncode != 0:
        pytest.skip(f"no image {IMAGE}")
    folder = tmp_path_factory.mktemp("watched")
    with empty_machine(folder) as machine:
        # The authorities that the image trusts, for programs that bring their own.
        machine.run("echo SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt >>/etc/environment")
        machine.run(f"cat >/var/tmp/sink.py <<'END'\n{SINK}\nEND\nsystemd-run --unit=sink python3 /var/tmp/sink.py")
        found = Watched(folder, machine)
        missing = found.ecluse("plan", "provision", "production")
        assert missing.returncode == 10 and b"are not set: HOOK, BEAT" in missing.errors, missing.errors
        done = found.ecluse("provision", "production", HOOK=f"{SERVICE}/a-token-0123456789abcdef", BEAT=SERVICE)
        assert done.ok, done.errors.decode()
        yield found


def test_watched_machine_is_provisioned_once(watched: Watched) -> None:
    done = watched.ecluse("provision", "production", "--json")
    assert done.ok and json.loads(done.text)["changes"] == {}, done.errors.decode()


def test_programs_that_watch_listen_on_the_loopback_alone(watched: Watched) -> None:
    listening = watched.machine.run("ss -Htlnp | awk '{print $4, $6}'").splitlines()
    ours = [line.split()[0] for line in listening if "prometheus" in line]
    assert sorted(ours) == ["127.0.0.1:9090", "127.0.0.1:9093", "127.0.0.1:9100", "127.0.0.1:9256"], listening


def test_secrets_of_receivers_are_read_by_alertmanager_alone(watched: Watched) -> None:
    found = watched.machine.run(
        "stat -c '%a %U %G' /etc/ecluse/monitoring/secrets/HOOK; grep -rl a-token /etc /run || true"
    )
    assert found.splitlines() == ["640 root prometheus", "/etc/ecluse/monitoring/secrets/HOOK"]


def test_full_disk_is_told_once_and_so_is_its_end(watched: Watched) -> None:
    watched.machine.run("mkdir -p /srv/small; mount -t tmpfs -o size=8m none /srv/small")
    watched.machine.run("head -c 7800000 /dev/zero >/srv/small/file")
    await_(lambda: ("disk", "firing") in watched.told(), "the alert of the disk", 180)
    [alert] = watched.alerts()
    assert (alert["name"], alert["severity"]) == ("disk", "warning") and alert["since"].endswith(" UTC")
    assert alert["summary"] == "the disk at /srv/small is 93 % full"
    await_(lambda: any(one["receiver"] == "heartbeat" for one in watched.messages()), "the heartbeat", 180)
    [message] = [message for message in watched.messages() if message["receiver"] != "heartbeat"]
    said = message["alerts"][0]["annotations"]
    await_(lambda: "biggest processes: " in watched.machine.run("cat /var/tmp/mail || true"), "the mail", 60)
    assert "Subject: warning: disk on " in watched.machine.run("cat /var/tmp/mail")
    assert said["more"] == "./ecluse status production" and said["processes"].count("B, ") == 2, said
    watched.machine.run("rm /srv/small/file")
    await_(lambda: ("disk", "resolved") in watched.told(), "the end of the alert", 180)
    assert watched.told() == [("disk", "firing"), ("disk", "resolved")]


def test_alert_for_a_test_is_told_each_time(watched: Watched) -> None:
    before = len(watched.told())
    for _ in range(2):
        done = watched.ecluse("alerts", "test", "production")
        assert done.ok and b"production: told by mail, webhook" in done.errors, done.errors.decode()
    assert watched.told()[before:].count(("test", "firing")) == 2
    watched.machine.run("systemctl stop sink")
    done = watched.ecluse("alerts", "test", "production")
    assert done.returncode == 10 and b"not everybody was told: mail, webhook" in done.errors, done.errors.decode()


def test_figures_and_programs_are_shown(watched: Watched) -> None:
    found = json.loads(watched.ecluse("monitor", "production", "--hours", "0.5", "--json").text)
    figures = {one["figure"]: one for one in found["figures"]}
    assert {"memory", "disk", "inodes", "forks", "unwatched"} <= set(figures)
    assert 0 < figures["memory"]["values"][-1] < 100 and figures["unwatched"]["values"][-1] == 0
    lines = {chart["title"]: chart["lines"] for chart in found["charts"]}
    drawn = [title for title in lines if any(any(line["values"]) for line in lines[title])]
    assert drawn == ["Processor", "Memory", "Disk", "Disk traffic", "Bandwidth"], found
    shown = watched.ecluse("monitor", "production", "--hours", "0.5").text
    assert "Disk /srv/small" in shown and "alert above 90" in shown, shown
    page = Path(shown.splitlines()[-1]).read_text()
    assert page.count("<polyline") > 5 and "disk /srv/small" in page, page
    programs = {one["name"]: one for one in json.loads(watched.ecluse("top", "production", "--json").text)}
    watching = [one for name, one in programs.items() if name.startswith("prometheus")]
    assert len(watching) == 4 and sum(one["memory"] for one in watching) < 250e6, programs
    assert sum(one["processor"] for one in watching) < 5, programs


def test_status_says_that_nobody_watches(watched: Watched) -> None:
    watched.machine.run("systemctl stop prometheus prometheus-alertmanager")
    assert [alert["name"] for alert in watched.alerts()] == ["prometheus", "alertmanager"]
