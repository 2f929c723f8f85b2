from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from psycopg2.extensions import parse_dsn

from ecluse.services import postgresql_commands
from ecluse.services.binaries import Binaries

BINARIES = Binaries(Path("/pg/bin"), "18.6")


def options(argv: tuple[str, ...]) -> dict[str, str]:
    pairs = [argv[index + 1] for index, argument in enumerate(argv) if argument == "-c"]
    return dict(pair.split("=", 1) for pair in pairs)


def test_a_throwaway_cluster_is_not_written_to_disk() -> None:
    argv = postgresql_commands.throwaway_initdb(BINARIES, Path("/d"))
    assert argv[:3] == ("/pg/bin/initdb", "-D", "/d")
    assert {"--no-sync", "--no-data-checksums"} <= set(argv)
    assert options(postgresql_commands.throwaway_server(BINARIES, Path("/d"), Path("/s")))["fsync"] == "off"


def test_a_durable_cluster_is_written_to_disk_and_has_checksums() -> None:
    argv = postgresql_commands.durable_initdb(BINARIES, Path("/d"))
    assert "--data-checksums" in argv
    assert "--no-sync" not in argv
    assert not {"fsync", "full_page_writes", "synchronous_commit"} & set(
        options(postgresql_commands.durable_server(BINARIES, Path("/d"), Path("/s")))
    )


@pytest.mark.parametrize("server", [postgresql_commands.throwaway_server, postgresql_commands.durable_server])
def test_a_server_listens_on_a_socket_and_on_no_port(server: object) -> None:
    assert callable(server)
    told = options(server(BINARIES, Path("/d"), Path("/run/s")))
    assert told["listen_addresses"] == ""
    assert told["unix_socket_directories"] == "/run/s"


@pytest.mark.parametrize("initdb", [postgresql_commands.throwaway_initdb, postgresql_commands.durable_initdb])
def test_clusters_sort_the_same_on_every_machine(initdb: object) -> None:
    assert callable(initdb)
    argv = initdb(BINARIES, Path("/d"))
    assert {"--locale-provider=builtin", "--builtin-locale=C.UTF-8"} <= set(argv)
    assert {"--auth-local=trust", "--auth-host=reject"} <= set(argv)


def test_socket_url_is_understood_by_libpq_and_django_settings() -> None:
    url = postgresql_commands.socket_url(Path("/dev/shm/ecluse-1"), "a/b c")
    parsed = parse_dsn(url)
    assert (parsed["host"], parsed["dbname"], parsed["user"]) == ("/dev/shm/ecluse-1", "a/b c", "postgres")
    assert parsed["port"] == "5432", "PGPORT may name another"
    assert parse_qs(urlsplit(url).query) == {"host": ["/dev/shm/ecluse-1"]}
