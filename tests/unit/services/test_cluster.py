from pathlib import Path

import pytest

from ecluse.errors import ServiceError
from ecluse.services import cluster
from ecluse.services.account import Account
from ecluse.services.binaries import Binaries
from ecluse.services.cluster import Cluster

ME = Account("me", 1000, 1000, switch=False)


def test_cluster_of_another_version_is_refused_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "PG_VERSION").write_text("17\n", encoding="ascii")
    asked: list[str] = []

    def none(version: str, environ: object) -> Binaries:
        asked.append(version)
        raise ServiceError("no programs of PostgreSQL 17 on this machine", hint="install them")

    monkeypatch.setattr(cluster, "binaries_for", none)
    with pytest.raises(ServiceError) as raised:
        Cluster.at(data, {}, version="18")
    assert asked == ["17"]
    assert str(data) in str(raised.value)
    assert "only programs of PostgreSQL 17 may open this database" in str(raised.value)
    assert "pg_dumpall" in str(raised.value.hint)


def test_socket_is_beside_the_data_if_its_path_is_short_enough() -> None:
    binaries = Binaries(Path("/pg/bin"), "18.6")
    near = Cluster(Path("/srv/site/postgres"), binaries, ME)
    assert near.socket_folder == Path("/srv/site/postgres.socket")
    far = Cluster(Path("/srv", "x" * 100, "postgres"), binaries, ME)
    assert far.socket_folder.parent == Path("/tmp")
    assert far.socket_folder != Cluster(Path("/srv", "y" * 100, "postgres"), binaries, ME).socket_folder
    assert f"host={far.socket_folder}" in far.url("site")
