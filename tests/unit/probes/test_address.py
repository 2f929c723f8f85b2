import pytest

from ecluse.errors import ServiceError
from ecluse.probes.address import Address, address_in, redacted


def test_an_address_shows_itself_without_its_account():
    found = Address.parse("amqp://site:ge%40heim@broker.example/shop")
    assert (found.host, found.port, found.user, found.password.reveal()) == ("broker.example", 5672, "site", "ge@heim")
    assert str(found) == "amqp://broker.example:5672/shop"
    assert "heim" not in repr(found)


def test_a_postgres_address_may_name_a_socket_instead_of_a_host():
    assert Address.parse("postgres://site@/shop?host=/run/postgresql").host == ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://u:p@h/d", "postgres://h/d"),
        ("postgres://u@h/d", "postgres://h/d"),
        ("postgres://u@/d?host=/a:b@c", "postgres:///d?host=/a:b@c"),
    ],
)
def test_redacted_address_has_no_account(url, shown):
    assert redacted(url) == shown


def test_http_probe_keeps_the_query_of_the_address():
    assert Address.parse("http://site.example/ready?deep=1").path == "/ready?deep=1"


@pytest.mark.parametrize("text", ["database", "tcp://host", "redis://", "http://host:port/", "://host:1"])
def test_invalid_address_is_refused(text):
    with pytest.raises(ServiceError):
        Address.parse(text)


def test_address_may_be_given_by_variable_or_file(tmp_path):
    file = tmp_path / "url"
    file.write_text("postgres://db/shop\n")
    assert address_in("DATABASE_URL", {"DATABASE_URL": "postgres://a/b"}) == "postgres://a/b"
    assert address_in("DATABASE_URL", {"DATABASE_URL_FILE": str(file)}) == "postgres://db/shop"
    assert address_in("tcp://db:5432", {}) == "tcp://db:5432"


def test_missing_variable_or_file_is_named(tmp_path):
    with pytest.raises(ServiceError, match="DATABASE_URL is not set, and neither is DATABASE_URL_FILE"):
        address_in("DATABASE_URL", {})
    with pytest.raises(ServiceError, match="cannot be read"):
        address_in("DATABASE_URL", {"DATABASE_URL_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize("host", ["\udcff", "a" * 64, "a..b"])
def test_name_that_no_connection_can_have_is_refused(host: str) -> None:
    with pytest.raises(ServiceError, match="this is not an address"):
        Address.parse(f"redis://{host}:6379")
    assert Address.parse(f"postgres://%2Fsrv%2F{'a' * 80}/shop").host
