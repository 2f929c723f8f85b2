from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ecluse.definition.model import Environment
from ecluse.deploy.targets.server import place as module
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.release import ServerRelease
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


def test_port_once_listened_on_is_kept(tmp_path: Path, taken: set[int]) -> None:
    place = at(tmp_path)
    place.choose_address(print)
    socket_held = place.slots / "0" / "lock"
    socket_held.parent.mkdir(parents=True)
    socket_held.touch()
    taken.add(8000)
    with pytest.raises(TargetError, match="port 8000 of local is taken by another program"):
        at(tmp_path).choose_address(print)


def test_url_behind_a_front_server_differs_from_the_address(tmp_path: Path, taken: set[int]) -> None:
    place = at(tmp_path, url="https://shop.example")
    place.choose_address(print)
    assert (place.url, place.address) == ("https://shop.example", "127.0.0.1:8000")


def test_address_before_the_first_rollout_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="nothing has been rolled out to local yet"):
        assert at(tmp_path).address


def test_the_secret_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    key = at(tmp_path).secrets()["DJANGO_SECRET_KEY"]
    assert len(key) >= 50
    assert at(tmp_path).secrets()["DJANGO_SECRET_KEY"] == key
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_given_secret_is_stored_and_replaced_by_a_newer_one(tmp_path: Path) -> None:
    names = {"secrets": ("SENTRY_DSN",)}
    at(tmp_path, {"SENTRY_DSN": "first-dsn"}, **names).secrets()
    assert at(tmp_path, **names).secrets()["SENTRY_DSN"] == "first-dsn"
    at(tmp_path, {"SENTRY_DSN": "second-dsn"}, **names).secrets()
    assert json.loads((tmp_path / "secrets.json").read_text())["SENTRY_DSN"] == "second-dsn"


def test_missing_secrets_are_all_named_in_one_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="secrets that local needs are not set: SENTRY_DSN, IMAGEKIT_KEY"):
        at(tmp_path, secrets=("SENTRY_DSN", "IMAGEKIT_KEY")).secrets()


def test_process_environment_has_nothing_of_the_deployers(tmp_path: Path) -> None:
    place = at(tmp_path, {"HOME": "/home/ada", "AWS_KEY": "deployer"}, env={"LANGUAGE": "fr"})
    release = ServerRelease("4f1c", None, "shop.wsgi", ("src",), tmp_path / "releases" / "4f1c")
    variables = place.variables(release, "postgres:///site")
    assert variables["DJANGO_SETTINGS_MODULE"] == "settings.local"
    assert (variables["DJANGO_DEBUG"], variables["ECLUSE_RELEASE"]) == ("0", "4f1c")
    assert (variables["DATABASE_URL"], variables["LANGUAGE"]) == ("postgres:///site", "fr")
    assert variables["DJANGO_STATIC_ROOT"] == str(tmp_path / "releases" / "4f1c" / "static")
    app = tmp_path / "releases" / "4f1c" / "app"
    assert variables["PYTHONPATH"] == f"{app}:{app / 'src'}"
    assert not {"HOME", "AWS_KEY"} & set(variables)


def test_a_path_that_is_too_long_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    assert at(Path("/srv/site")).socket == Path("/srv/site/supervisor.sock")
    deep = at(Path("/srv", "x" * 90))
    assert len(str(deep.socket)) < 92 and deep.socket != at(Path("/srv", "y" * 90)).socket
