"""A durable cluster, as a rollout to this machine has one; and a service for a pipeline's job."""

from __future__ import annotations

import os
import shutil
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ecluse import probes
from ecluse.definition.model import Service
from ecluse.errors import ServiceError
from ecluse.machine import process
from ecluse.probes.postgres import connect
from ecluse.services.account import for_server
from ecluse.services.binaries import binaries_for, readable_by_all
from ecluse.services.cluster import Cluster
from ecluse.services.sources import for_job

pytestmark = [pytest.mark.counted, pytest.mark.slow]


@contextmanager
def running(cluster: Cluster) -> Iterator[Any]:
    cluster.create(database="site")
    with open(os.devnull, "wb") as nowhere:
        server = process.spawn(
            cluster.server_argv(), stderr=nowhere, user=cluster.account.user, group=cluster.account.group
        )
    try:
        probes.wait([cluster.url("site")], timeout=30)
        connection = connect(cluster.url("site"))
        yield connection.cursor()
        connection.close()
    finally:
        process.stop(server, first=signal.SIGINT)


def test_written_rows_survive_a_restart(project: Any) -> None:
    cluster = Cluster.at(project.folder / "local" / "postgres", os.environ)
    with running(cluster) as cursor:
        cursor.execute("CREATE TABLE t AS SELECT 42 AS n")
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
            cursor.execute(f"SHOW {setting}")
            assert cursor.fetchone() == ("on",)
        cursor.execute("SHOW listen_addresses")
        assert cursor.fetchone() == ("",)
    with running(Cluster.at(project.folder / "local" / "postgres", os.environ)) as cursor:
        cursor.execute("SELECT n FROM t")
        assert cursor.fetchone() == (42,)
    for folder in (cluster.data, cluster.socket_folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_socket_moves_to_a_shorter_path_if_needed(project: Any) -> None:
    cluster = Cluster.at(project.folder / ("long" * 20) / "postgres", os.environ)
    try:
        with running(cluster) as cursor:
            cursor.execute("SELECT 1")
    finally:
        shutil.rmtree(cluster.socket_folder)


def test_a_cluster_of_another_version_is_refused(project: Any) -> None:
    data = project.folder / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("9\n", encoding="ascii")
    with pytest.raises(ServiceError, match="only programs of PostgreSQL 9 may open this database"):
        Cluster.at(data, os.environ)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's server runs as that user")
def test_root_is_told_of_a_folder_closed_to_the_server(project: Any) -> None:
    closed = project.folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ServiceError, match="nobody may not enter") as raised:
        Cluster.at(closed / "postgres", os.environ).create()
    assert str(closed) in str(raised.value.hint)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's server runs as that user")
def test_programs_in_a_private_folder_are_copied_for_the_server(project: Any) -> None:
    package = binaries_for("18", os.environ).folder.parents[1]
    closed = project.folder / "closed"
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, closed / folder.name, symlinks=True)
    closed.chmod(0o700)
    here = binaries_for("18", {"ECLUSE_POSTGRES_BIN": str(closed / package.name / "pginstall" / "bin")})
    copy = readable_by_all(here, project.folder / "copies")
    assert readable_by_all(here, project.folder / "copies") == copy
    who = for_server()
    done = process.run(copy.argv("initdb", "--version"), cwd=Path("/"), user=who.user, group=who.group)
    assert "18" in done.output


@pytest.mark.engine
def test_a_job_can_have_a_container(engine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
    service = Service(name="postgres", kind="postgres", version="18")
    with for_job(service, {"ECLUSE_POSTGRES": "container"}) as variables:
        url = variables["DATABASE_URL"]
        probes.wait([url], timeout=1)
    with pytest.raises(ServiceError):
        probes.wait([url], timeout=0)


def test_missing_given_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecluse.services.given.PATIENCE", 0.1)
    service = Service(name="postgres", kind="postgres", version="18")
    with pytest.raises(ServiceError) as raised:
        with for_job(service, {"DATABASE_URL": "postgres://me:hush@127.0.0.1:1/site"}):
            pass
    assert "127.0.0.1" in str(raised.value)
    assert "hush" not in str(raised.value)
