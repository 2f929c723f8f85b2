"""A swarm somewhere else, reached by SSH: how it is refused, and how it is not."""

from __future__ import annotations

import os
import subprocess

import pytest

from ecluse.errors import ToolError
from ecluse.image.engine import connect
from testbed.containers import docker
from testbed.hosts import hosts
from testbed.swarm import SwarmShop

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def machine(engine, tmp_path_factory):
    """A machine with an engine that is not in a swarm yet."""
    with hosts(tmp_path_factory.mktemp("machine"), 1, swarm=False) as found:
        yield found


@pytest.fixture
def shop(machine, tmp_path):
    return SwarmShop(
        tmp_path / "shop",
        machine.pushed_to,
        host=machine.url,
        STAGING_SSH_KEY=machine.key,
        STAGING_SSH_KNOWN_HOSTS=machine.known_hosts,
    )


def refused(shop, **variables):
    done = shop.ecluse("status", "staging", check=False, **variables)
    assert done.returncode == 10, done.output
    assert "Traceback" not in done.output
    return done.output


def test_engine_of_images_is_reached_by_ssh_too(machine, tmp_path):
    (tmp_path / "known_hosts").write_text(machine.known_hosts)
    (tmp_path / "key").write_text(machine.key)
    (tmp_path / "key").chmod(0o600)
    options = f"-i {tmp_path}/key -o UserKnownHostsFile={tmp_path}/known_hosts"
    (tmp_path / "ssh").write_text(f'#!/bin/sh\nexec /usr/bin/ssh {options} "$@"\n')
    (tmp_path / "ssh").chmod(0o755)
    there = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "DOCKER_HOST": machine.url}
    made = "tar --create --files-from /dev/null | docker import --change 'LABEL made=there' - made-there"
    subprocess.run([tmp_path / "ssh", f"deploy@{machine.addresses[0]}", made], check=True)
    with connect(there) as engine:
        assert engine.inspect("made-there").labels == {"made": "there"}
    with pytest.raises(ToolError, match="no Docker engine answers at ssh://deploy@127.0.0.1:1"):
        with connect({**there, "DOCKER_HOST": "ssh://deploy@127.0.0.1:1"}):
            pass


def test_unusable_host_is_refused_with_reason_and_hint(machine, shop, tmp_path):
    said = refused(shop)
    assert "this engine is not in a swarm" in said
    assert f"docker --host {machine.url} swarm init" in said

    other = machine.known_hosts.replace(machine.addresses[0], "192.0.2.1")
    said = refused(shop, STAGING_SSH_KNOWN_HOSTS=other)
    assert "the host's key is not known" in said

    said = refused(shop, STAGING_DOCKER_HOST="ssh://deploy@127.0.0.1:1")
    assert "no Docker engine answers" in said and "is the host up" in said

    machine.inside("swarm", "init", "--advertise-addr", machine.addresses[0])
    done = shop.ecluse("status", "staging", check=False)
    assert (done.returncode, done.output.strip()) == (1, "staging: stopped")

    # Where the names of temporary files are long, the shared connection has a short one.
    (long := tmp_path / ("a-long-name-of-a-temporary-folder" * 2)).mkdir()
    done = shop.ecluse("status", "staging", check=False, TMPDIR=str(long))
    assert (done.returncode, done.output.strip()) == (1, "staging: stopped")

    # A Docker context leads there as well.
    config = {"DOCKER_CONFIG": str(tmp_path / "docker")}
    address = ("context", "create", "there", "--docker", f"host={machine.url}")
    docker(*address, env={**os.environ, **config})
    done = shop.ecluse(
        "status", "staging", check=False, STAGING_DOCKER_HOST="", STAGING_DOCKER_CONTEXT="there", **config
    )
    assert (done.returncode, done.output.strip()) == (1, "staging: stopped")
    said = refused(shop, STAGING_DOCKER_HOST="", STAGING_DOCKER_CONTEXT="nowhere", **config)
    assert "context nowhere" in said

    # Last: an SSH server closes its door for a while to whoever has come with a wrong key.
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    said = refused(shop, STAGING_SSH_KEY=(tmp_path / "other").read_text())
    assert "no Docker engine answers" in said and "the key is wrong, or not on the host" in said
