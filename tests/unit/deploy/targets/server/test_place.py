from __future__ import annotations

import json
import stat
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from ecluse.definition.model import Environment, Worker
from ecluse.deploy.targets.server import place as module
from ecluse.deploy.targets.server.configuration import KEY, Configuration
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.release import ServerRelease
from ecluse.deploy.targets.server.secret_store import SecretStore
from ecluse.errors import TargetError


def environment(url: str = "http://127.0.0.1:8000", **values: object) -> Environment:
    values = {"name": "local", "target": "server", "settings": "settings.local", "url": url, **values}
    return Environment(**values)  # type: ignore[arg-type]


def at(folder: Path, environ: dict[str, str] | None = None, **values: object) -> Place:
    return Place(folder, environment(**values), environ or {})  # type: ignore[arg-type]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    ports: set[int] = set()
    monkeypatch.setattr(module, "_free", lambda host, port: port not in ports)
    return ports


def test_port_is_chosen_once_and_remembered(tmp_path: Path, taken: set[int]) -> None:
    said: list[str] = []
    assert at(tmp_path).choose_address(said.append) == ("127.0.0.1", 8000)
    assert (at(tmp_path).url, said) == ("http://127.0.0.1:8000", [])


def test_taken_port_is_skipped_and_the_choice_remembered(tmp_path: Path, taken: set[int]) -> None:
    taken.update({8000, 8001})
    said: list[str] = []
    at(tmp_path).choose_address(said.append)
    assert at(tmp_path).url == "http://127.0.0.1:8002"
    assert said == ["port 8000 is taken: local listens on 8002 from now on"]


def test_unused_port_is_replaced_once_another_program_takes_it(tmp_path: Path, taken: set[int]) -> None:
    at(tmp_path).choose_address(print)
    taken.add(8000)
    assert at(tmp_path).choose_address(print) == ("127.0.0.1", 8001)


@pytest.mark.parametrize("url", ["https://shop.example", "http://127.0.0.1:8000"])
def test_port_once_listened_on_is_kept_for_what_asks_it(tmp_path: Path, taken: set[int], url: str) -> None:
    place = at(tmp_path, url=url)
    place.choose_address(print)
    socket_held = place.slots / "0" / "lock"
    socket_held.parent.mkdir(parents=True)
    socket_held.touch()
    taken.add(8000)
    if "example" in url:
        with pytest.raises(TargetError, match="port 8000 of local is taken by another program"):
            at(tmp_path, url=url).choose_address(print)
    else:
        assert at(tmp_path, url=url).choose_address(print) == ("127.0.0.1", 8001)


def test_new_port_in_the_url_is_said_and_taken_at_the_next_start(tmp_path: Path, taken: set[int]) -> None:
    at(tmp_path).choose_address(print)
    assert at(tmp_path).moved is None
    changed = at(tmp_path, url="http://127.0.0.1:9000")
    socket_held = changed.slots / "0" / "lock"
    socket_held.parent.mkdir(parents=True)
    socket_held.touch()
    assert changed.url == "http://127.0.0.1:8000", "it listens there still"
    assert "local listens on 127.0.0.1:8000, and pipeline.py has 127.0.0.1:9000 now" in str(changed.moved)
    assert changed.choose_address(print) == ("127.0.0.1", 9000)
    assert (changed.url, changed.moved) == ("http://127.0.0.1:9000", None)


def test_port_that_was_taken_is_no_new_one_in_the_url(tmp_path: Path, taken: set[int]) -> None:
    taken.add(8000)
    at(tmp_path).choose_address(print)
    taken.clear()
    assert at(tmp_path).moved is None
    assert at(tmp_path).choose_address(print) == ("127.0.0.1", 8001)


def test_port_that_nginx_asks_is_kept_or_the_rollout_refused(tmp_path: Path, taken: set[int]) -> None:
    (tmp_path / "front-port").write_text("8003\n")
    place = at(tmp_path, url="https://shop.example")
    taken.add(8003)
    with pytest.raises(TargetError, match="port 8003, on which nginx asks local, is taken"):
        place.choose_address(print)
    taken.clear()
    assert place.choose_address(print) == ("127.0.0.1", 8003)


def test_url_behind_a_front_server_differs_from_the_address(tmp_path: Path, taken: set[int]) -> None:
    place = at(tmp_path, url="https://shop.example")
    place.choose_address(print)
    assert (place.url, place.address) == ("https://shop.example", "127.0.0.1:8000")


def test_name_of_this_machine_stays_in_the_url(tmp_path: Path, taken: set[int]) -> None:
    """The site is asked by the name that visitors use: its ALLOWED_HOSTS may have that alone."""
    taken.add(8080)
    place = at(tmp_path, url="http://shop.localhost:8080")
    place.choose_address(print)
    assert (place.url, place.address) == ("http://shop.localhost:8081", "127.0.0.1:8081")


def test_port_of_root_is_refused_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = MagicMock()
    probe.return_value.__enter__.return_value.bind.side_effect = PermissionError(13, "Permission denied")
    monkeypatch.setattr(module.socket, "socket", probe)
    with pytest.raises(TargetError, match="this account may not listen on port 80"):
        at(tmp_path, url="http://127.0.0.1:80").choose_address(print)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"host": "127.0',
        b"[]",
        b'{"host": "127.0.0.1", "port": 99999}',
        b'{"host": "127.0.0.1", "port": "8000"}',
        b'{"host": null, "port": 8000}',
        b'{"host": "somewhere", "port": 8000}',
    ],
)
def test_unreadable_address_is_an_error_and_stays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "address.json").write_bytes(content)
    with pytest.raises(TargetError, match="cannot be read, and is not overwritten"):
        at(tmp_path).choose_address(print)
    assert (tmp_path / "address.json").read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"80 00", b"99999", b"\xff"])
def test_unreadable_port_of_nginx_is_an_error(tmp_path: Path, content: bytes) -> None:
    """Without it the site would listen where nginx does not ask."""
    (tmp_path / "front-port").write_bytes(content)
    with pytest.raises(TargetError, match="the port on which nginx asks this environment cannot be read"):
        at(tmp_path).choose_address(print)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 43])
def test_unreadable_gate_lets_nobody_in(tmp_path: Path, content: bytes) -> None:
    """An empty secret would be known to all."""
    (tmp_path / "gate").write_bytes(content)
    with pytest.raises(TargetError, match="the secret by which the site knows a rollout's questions"):
        at(tmp_path, page="/").gate()


def test_gate_is_made_once(tmp_path: Path) -> None:
    assert at(tmp_path, page="/").gate() == at(tmp_path, page="/").gate()


def test_address_before_the_first_rollout_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="nothing has been rolled out to local yet"):
        assert at(tmp_path).address


def store(folder: Path, environ: dict[str, str] | None = None, **values: object) -> SecretStore:
    return at(folder, environ, **values).secrets


def test_secret_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    values = store(tmp_path).current()
    assert len(values[KEY]) >= 50
    assert not (tmp_path / "secrets.json").exists(), "looking writes nothing"
    store(tmp_path).keep_key(values)
    store(tmp_path).keep_key({KEY: "another"})
    assert store(tmp_path).current() == values
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_given_secret_wins_over_the_kept_one(tmp_path: Path) -> None:
    names = {"secrets": ("SENTRY_DSN",)}
    store(tmp_path).keep({KEY: "k", "SENTRY_DSN": "first-dsn"})
    assert store(tmp_path, **names).current()["SENTRY_DSN"] == "first-dsn"
    assert store(tmp_path, {"SENTRY_DSN": "second-dsn"}, **names).current()["SENTRY_DSN"] == "second-dsn"


def test_secret_that_is_no_longer_named_reaches_no_process(tmp_path: Path) -> None:
    store(tmp_path).keep({KEY: "the key", "API_KEY": "old-secret"})
    found = at(tmp_path, env={"API_KEY": "public-value"}).configuration()
    assert found.secrets == {KEY: "the key"} and found.variables == {"API_KEY": "public-value"}


@pytest.mark.parametrize("content", [b"", b'{"DJANGO_SECRET_KEY": "cut o', b"[]", b'{"A": 1}', b"\xff\xfe\x00"])
def test_unreadable_kept_secrets_are_an_error_and_stay(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secrets.json"
    path.write_bytes(content)
    for attempt in (lambda: store(tmp_path).current(), lambda: store(tmp_path).keep({KEY: "k"})):
        with pytest.raises(TargetError, match="cannot be read, and are not overwritten"):
            attempt()
    assert path.read_bytes() == content


def test_file_that_links_to_nowhere_is_an_error_and_stays(tmp_path: Path) -> None:
    """Secrets on a disk that is not mounted now are not made anew: visitors would have to log in again."""
    for name in ("secrets.json", "address.json", "configuration.json"):
        (tmp_path / name).symlink_to(f"/nowhere/{name}")
    for attempt in (
        lambda: store(tmp_path).current(),
        lambda: store(tmp_path).keep({KEY: "k"}),
        lambda: at(tmp_path).choose_address(print),
        lambda: Configuration.kept(tmp_path),
    ):
        with pytest.raises(TargetError, match="cannot be read"):
            attempt()
    assert all(path.is_symlink() for path in tmp_path.iterdir()) and Configuration.is_kept(tmp_path)


def test_missing_secrets_are_all_named_in_one_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="secrets that local needs are not set: SENTRY_DSN, IMAGEKIT_KEY"):
        store(tmp_path, secrets=("SENTRY_DSN", "IMAGEKIT_KEY")).current()


def test_process_environment_has_nothing_of_the_deployers(tmp_path: Path) -> None:
    place = at(tmp_path, {"HOME": "/home/ada", "AWS_KEY": "deployer"}, env={"LANGUAGE": "fr"}, health=("/ping/",))
    folder = tmp_path / "releases" / "4f1c"
    release = ServerRelease("4f1c", None, "shop.wsgi", ("src",), folder, place.configuration())
    variables = place.variables(release, "postgres:///site")
    assert variables["DJANGO_SETTINGS_MODULE"] == "settings.local"
    assert (variables["DJANGO_DEBUG"], variables["ECLUSE_RELEASE"]) == ("0", "4f1c")
    assert (variables["DATABASE_URL"], variables["LANGUAGE"]) == ("postgres:///site", "fr")
    assert variables["DJANGO_STATIC_ROOT"] == str(folder / "static")
    assert variables["PYTHONPATH"] == f"{folder / 'app'}:{folder / 'app' / 'src'}"
    assert variables["ECLUSE_HEALTH"] == "/readiness/ /ping/"
    assert not {"HOME", "AWS_KEY"} & set(variables)


def test_socket_of_a_long_path_is_not_in_a_folder_that_is_tidied() -> None:
    assert at(Path("/srv/site")).socket == Path("/srv/site/supervisor.sock")
    deep = at(Path("/srv", "x" * 90))
    assert deep.socket == Path("/srv", "x" * 90, "supervisor.sock")
    # Supervisor makes a relative path absolute, and a socket's name has 107 bytes at most.
    assert deep.supervisors_socket == Path("/proc/self/cwd/supervisor.sock")
    assert at(Path("/srv/site")).supervisors_socket == Path("supervisor.sock")


class TestConfiguration:
    FIRST = {"url": "http://127.0.0.1:8000", "env": {"FEATURE": "off"}}

    @pytest.mark.parametrize(
        "changed",
        [
            {"env": {"FEATURE": "on"}},
            {"settings": "settings.other"},
            {"workers": (Worker(name="tasks", command=("celery",)),)},
            {"secrets": ("API_KEY",)},
            {"health": ("/ping/",)},
        ],
    )
    def test_configuration_differs_with_whatever_a_process_sees(
        self, tmp_path: Path, changed: dict[str, object]
    ) -> None:
        store(tmp_path).keep({KEY: "k"})
        first = at(tmp_path, **self.FIRST).configuration()
        other = at(tmp_path, {"API_KEY": "x"}, **{**self.FIRST, **changed}).configuration()
        assert other != first and other.digest != first.digest
        assert at(tmp_path, **self.FIRST).configuration().digest == first.digest

    def test_configuration_is_kept_for_its_owner_alone(self, tmp_path: Path) -> None:
        store(tmp_path).keep({KEY: "k"})
        made = at(tmp_path, workers=(Worker(name="tasks", command=("celery", "worker")),)).configuration()
        assert Configuration.kept(tmp_path) is None
        made.keep(tmp_path)
        assert Configuration.kept(tmp_path) == made
        assert stat.S_IMODE((tmp_path / "configuration.json").stat().st_mode) == 0o600
        whole = json.loads((tmp_path / "configuration.json").read_text())
        for damaged in (
            {},
            [],
            {**whole, "health": []},
            {**whole, "secrets": {KEY: 7}},
            {**whole, "variables": {"A": None}},
        ):
            (tmp_path / "configuration.json").write_text(json.dumps(damaged))
            with pytest.raises(TargetError, match="the configuration of this release cannot be read"):
                Configuration.kept(tmp_path)
