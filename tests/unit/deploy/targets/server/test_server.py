from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.definition.model import Environment, Monitoring, Policy, Provision, Receiver, Worker
from ecluse.deploy.targets import server
from ecluse.deploy.targets.server.parts import target
from ecluse.errors import TargetError

LOCAL = Environment(name="local", target="server", settings="s", url="http://127.0.0.1:8000")


@pytest.mark.parametrize("names", [("web",), ("postgres",), ("tasks", "tasks"), ("../x",), ("Tasks",)])
def test_worker_needs_a_name_of_its_own(names: tuple[str, ...]) -> None:
    workers = tuple(Worker(name=name, command=("celery",)) for name in names)
    environment = Environment(**{**vars(LOCAL), "workers": workers})
    assert set(server.problems(environment)) == {("workers", f"{names[0]!r} is not a unique name for a worker")}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://[::1]:8985", "Supervisor listens on IPv4 alone: 127.0.0.1:8985 instead of [::1]"),
        ("http://[::ffff:127.0.0.1]", "Supervisor listens on IPv4 alone: 127.0.0.1 instead of [::ffff:127.0.0.1]"),
        ("http://0.0.0.0:8000", "0.0.0.0 is no address that visitors use"),
        ("http://[::]", ":: is no address that visitors use"),
        ("127.0.0.1:8000", "is no address of a site"),
        ("ftp://shop.example", "is no address of a site"),
        ("http://127.0.0.1:99999", "is no address: Port out of range"),
        ("http://[::1", "is no address: Invalid IPv6 URL"),
        ("https://localhost:8443", "where the site itself listens, without TLS: http instead of https"),
        ("http://127.1:8000", "127.1 is a short form of an address: 127.0.0.1"),
        ("http://2130706433", "2130706433 is a short form of an address: 127.0.0.1"),
    ],
)
def test_url_that_nobody_would_find_the_site_at_is_refused(url: str, said: str) -> None:
    ((field, what),) = server.problems(Environment(**{**vars(LOCAL), "url": url}))
    assert field == "url" and said in what


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost", "https://shop.example", "https://[2001:db8::1]"]
)
def test_url_of_this_machine_or_of_a_front_server_is_fine(url: str) -> None:
    assert list(server.problems(Environment(**{**vars(LOCAL), "url": url}))) == []


def test_server_has_no_front_to_set_up(tmp_path: Path) -> None:
    controls = target(LOCAL, tmp_path, tmp_path, {}).controls
    with pytest.raises(TargetError, match="local is a server: its front server is your own nginx"):
        controls.front()


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMwnm9Wbbs3qxKJ124CFCEjX63jUCx0xycG85L6MmAoq"


def fields_with_problems(**fields: object) -> list[str]:
    return [field for field, _what in server.problems(Environment(**{**vars(LOCAL), **fields}))]


@pytest.mark.parametrize("host", ["shop.example", "203.0.113.7", "2001:db8::7", "fe80::1%eth0", "alias_of-ssh"])
def test_host_is_a_name_or_an_address(host: str) -> None:
    assert fields_with_problems(host=host, user="shop", port=22, host_key=KEY) == []


@pytest.mark.parametrize(
    "host", ["-oProxyCommand=x", "shop@shop.example", "a b", "shop.example:22", "ssh://shop", "$(x)"]
)
def test_host_that_is_no_name_is_refused(host: str) -> None:
    assert fields_with_problems(host=host) == ["host"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user", "-l root"),
        ("port", 0),
        ("port", 65536),
        ("host_key", "AAAAC3NzaC1lZDI1NTE5AAAAIMwnm9Wbbs3qxKJ124CFCEjX63jUCx0xycG85L6MmAoq"),
        ("host_key", KEY.replace("ssh-ed25519", "ssh-rsa")),
        ("host_key", KEY + "\nother.example ssh-rsa AAAA"),
        ("host_key", "ssh-ed25519 not-base64"),
    ],
)
def test_field_of_a_host_that_cannot_be_true_is_refused(field: str, value: object) -> None:
    assert fields_with_problems(host="shop.example", **{field: value}) == [field]


def test_field_of_a_host_needs_a_host() -> None:
    assert fields_with_problems(user="shop", port=22, host_key=KEY) == ["user", "port", "host_key"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("keys", ()),
        ("keys", ("ssh-ed25519 not-base64",)),
        ("administrator", "shop"),
        ("administrator", "root"),
        ("first", "-x"),
        ("ports", (80, 0)),
        ("packages", ("libpq-dev; reboot",)),
        ("time_zone", "../../etc/shadow"),
        ("swap", -1),
    ],
)
def test_provision_that_cannot_be_true_is_refused(field: str, value: object) -> None:
    wanted = {"keys": (KEY,), field: value}
    problems = fields_with_problems(host="shop.example", user="shop", provision=Provision(**wanted))
    assert problems == [f"provision.{field}"]


@pytest.mark.parametrize(
    "fields",
    [
        {"user": "shop", "secrets": ("DATABASE_URL",)},
        {"user": "shop", "env": {"DATABASE_URL": "postgres://db.example/shop"}},
        {"user": "postgres"},
        {"user": "pg_monitor"},
    ],
)
def test_database_of_the_server_is_the_only_one(fields: dict[str, object]) -> None:
    wanted = Provision(keys=(KEY,), postgresql=True)
    assert fields_with_problems(host="shop.example", provision=wanted, **fields) == ["provision.postgresql"]


def test_provision_needs_the_account_of_the_site() -> None:
    assert fields_with_problems(host="shop.example", provision=Provision(keys=(KEY,))) == ["provision.administrator"]
    assert fields_with_problems(provision=Provision(keys=(KEY,))) == ["provision"]


def test_monitoring_with_a_mistake_is_refused_with_its_place() -> None:
    wanted = Monitoring(policies=(Policy("disk", for_=0),), receivers=(Receiver("team"),))
    assert fields_with_problems(monitoring=wanted) == ["monitoring.policies[0].for_", "monitoring.receivers[0]"]


def test_monitoring_of_a_host_needs_provision() -> None:
    assert fields_with_problems(host="shop.example", monitoring=Monitoring()) == ["monitoring"]
    assert not fields_with_problems(monitoring=Monitoring())  # as the host's own definition has it
