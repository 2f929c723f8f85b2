"""An empty Debian that cannot be prepared: the reason is a sentence, and the next run makes it whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ecluse.machine import process
from testbed.containers import TOP, await_, docker
from testbed.hosts import address_of
from testbed.machines import Machine, empty_machine

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
            provision=Provision(keys=({key!r},), postgresql=True, time_zone="Europe/Paris", {more}),
        ),
    ),
)
"""

LOCK = (
    "import fcntl, time; f = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(9999)"
)

KILLER = """
import builtins, json, os, subprocess, time

def printing(*words, before=print, **more):
    before(*words, **more)
    try:
        item, seconds = open("/root/kill-at").read().split("|")
        said = json.loads(words[0])["item"]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return
    program = os.getpid()
    if said == item and os.fork() == 0:
        time.sleep(float(seconds))
        os.kill(program, 9)
        subprocess.run(["pkill", "--signal", "KILL", "apt-get|dpkg|psql"])
        os._exit(0)

builtins.print = printing
"""
"""Code that Debian's Python runs first, on a machine where the program that provisions is killed."""


class Failing:
    """A repository in *folder* that prepares *machine*, which is no longer as it was rented."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.folder, self.machine = folder, machine
        self.describe()

    def describe(self, more: str = "") -> None:
        key = " ".join((self.folder / "key.pub").read_text().split()[:2])
        fields = {"host": self.machine.address, "host_key": self.machine.host_key, "key": key}
        (self.folder / "pipeline.py").write_text(PIPELINE.format(**fields, more=more))

    def argv(self, *words: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "ecluse", *words, "production", "--json")

    @property
    def variables(self) -> dict[str, str]:
        return {"PYTHONPATH": str(TOP / "src"), "SSH_KEY": self.machine.key}

    def reason(self) -> str:
        """The reason for which the machine cannot be prepared."""
        done = process.read(self.argv("provision"), cwd=self.folder, extra=self.variables, check=False, timeout=600)
        said = done.errors.decode()
        assert done.returncode == 10 and "Traceback" not in said, said
        return said.partition("error: ")[2]

    def changes(self, *words: str) -> list[str]:
        done = process.read(self.argv(*words), cwd=self.folder, extra=self.variables, check=False, timeout=900)
        assert done.ok, done.errors.decode()
        return list(json.loads(done.text)["changes"])

    def on_line(self, matches: Callable[[str], bool], act: Callable[[], object]) -> str | None:
        """Prepare the machine, and *act* at the first line of progress that *matches*. Returns that line."""
        environ, found = {**os.environ, **self.variables}, None
        with process.spawn(
            self.argv("provision"), cwd=self.folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as command:
            assert command.stderr is not None
            for line in map(bytes.decode, command.stderr):
                if found is None and matches(line):
                    found = line.strip()
                    act()
        return found

    def restart(self) -> None:
        docker("restart", self.machine.name)
        self.machine.address = address_of(self.machine.name)
        self.describe()
        up = ("exec", self.machine.name, "systemctl", "is-active", "systemd-user-sessions.service")
        await_(lambda: docker(*up, check=False).returncode == 0, "it has started", 120)


@pytest.fixture(scope="module", params=["bare-machine:13", "bare-machine:12"])
def failing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failing]:
    if docker("image", "inspect", request.param, check=False).returncode != 0:
        pytest.skip(f"no image {request.param}")
    folder = tmp_path_factory.mktemp("failing")
    with empty_machine(folder, request.param) as machine:
        yield Failing(folder, machine)


def test_unknown_system_is_refused_before_anything_changes(failing: Failing) -> None:
    run = failing.machine.run
    run("cp /etc/os-release /tmp/release; sed --follow-symlinks -i s/^ID=.*/ID=ubuntu/ /etc/os-release")
    assert "Debian 12 and 13 are known here" in failing.reason()
    run("cp /tmp/release $(readlink -f /etc/os-release)")
    assert run("getent passwd admin shop || true; ls /etc/ssh/sshd_config.d") == "50-cloud-init.conf"


def test_account_without_sudo_is_refused(failing: Failing) -> None:
    failing.machine.run("useradd -m -s /bin/sh plain; cp -r /root/.ssh /home/plain/; chown -R plain: /home/plain/.ssh")
    failing.describe('first="plain"')
    assert "this account is not root, and has no sudo without a password" in failing.reason()
    failing.describe()


def test_machine_without_network_or_space_says_so(failing: Failing) -> None:
    route = failing.machine.run("ip route show default")
    failing.machine.run("ip route del default")
    assert "package" in failing.reason()
    failing.machine.run(f"ip route add {route}; mount -t tmpfs -o size=1m none /var/cache/apt/archives")
    assert "enough free space in /var/cache/apt/archives" in failing.reason()
    failing.machine.run("umount /var/cache/apt/archives")


def test_provision_that_is_killed_anywhere_is_made_whole(failing: Failing) -> None:
    """Killed in each part that is left, and the machine is restarted in the middle of the packages."""
    run, killed = failing.machine.run, list[str]()
    version = run("python3 -c 'import sys; print(*sys.version_info[:2], sep=\".\")'")
    docker(
        "exec",
        "--interactive",
        failing.machine.name,
        "sh",
        "-c",
        f"cat >/etc/python{version}/sitecustomize.py",
        input=KILLER,
    )
    while item := next((item for item in failing.changes("plan", "provision") if item not in killed), None):
        seconds = 5.0 if item == "packages" else 0.05
        run(f"echo '{item}|{seconds}' >/root/kill-at")
        done = process.read(failing.argv("provision"), cwd=failing.folder, extra=failing.variables, check=False)
        assert not done.ok, f"it was not killed in {item}"
        run("rm /root/kill-at")
        killed.append(item)
        if item == "packages":
            failing.restart()
    assert {"packages", "postgresql"} <= {*killed}
    failing.changes("provision")
    assert failing.changes("provision") == failing.changes("plan", "provision") == []
    run("! systemctl is-active --quiet ecluse-revert.timer; nft list table inet ecluse")
    run("runuser -u shop -- psql --dbname shop-production --command 'SELECT 1'")


def test_lock_of_dpkg_is_waited_for_and_its_holder_named(failing: Failing) -> None:
    failing.machine.run("apt-get remove -qq -y logrotate")
    docker("exec", "--detach", failing.machine.name, "python3", "-c", LOCK)
    release = ("exec", failing.machine.name, "pkill", "--full", "lock-frontend")
    line = failing.on_line(lambda line: "waiting for process" in line, lambda: docker(*release))
    assert line is not None and "(python3), which holds the lock of dpkg" in line
    assert failing.changes("plan", "provision") == []
