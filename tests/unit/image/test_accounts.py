from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from docker.credentials.errors import CredentialsNotFound, StoreError

from ecluse import secrets
from ecluse.errors import ImageError
from ecluse.image.accounts import ACCOUNTS, from_docker, signed_in


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's configuration, after a ``docker login`` to one registry."""
    auth = base64.b64encode(b"ci:t0ken-of-ci").decode()
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {"registry.example": {"auth": auth}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return file


def test_account_comes_from_docker_login_and_is_masked(configured: Path) -> None:
    assert from_docker("registry.example") == ("ci", "t0ken-of-ci")
    assert "t0ken-of-ci" in secrets.known()


def test_account_of_another_registry_is_not_found(configured: Path) -> None:
    assert from_docker("other.example") is None


def test_account_without_docker_config_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert from_docker("registry.example") is None


@pytest.mark.parametrize(
    ("answer", "account"),
    [
        ({"Username": "ci", "Secret": "t0ken-of-vault"}, ("ci", "t0ken-of-vault")),
        (CredentialsNotFound("it has none"), None),
        (StoreError("the vault is locked"), None),
    ],
)
def test_account_comes_from_a_credential_helper(
    configured: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: dict[str, str] | StoreError,
    account: tuple[str, str] | None,
) -> None:
    class Helper:
        def __init__(self, program: str, environment: object = None) -> None:
            assert program == "vault"

        def get(self, server: str) -> dict[str, str]:
            if isinstance(answer, StoreError):
                raise answer
            return {"ServerURL": server, **answer}

    configured.write_text(json.dumps({"credHelpers": {"registry.example": "vault"}}))
    monkeypatch.setattr("docker.auth.credentials.Store", Helper)
    assert from_docker("registry.example") == account


HUB = "https://index.docker.io/v1/"


def test_docker_is_signed_in_by_a_file_of_this_user_alone(configured: Path) -> None:
    auth = base64.b64encode(b"ada:t0ken-of-the-hub").decode()
    (configured.parent / "contexts").mkdir()
    given = {"DOCKER_CONFIG": str(configured.parent), ACCOUNTS: json.dumps({"auths": {HUB: {"auth": auth}}})}
    with signed_in(given) as environ:
        assert ACCOUNTS not in environ
        file = Path(environ["DOCKER_CONFIG"], "config.json")
        config = json.loads(file.read_text())
        assert set(config["auths"]) == {HUB, "registry.example"} and config["credHelpers"] == {HUB: ""}
        assert config["auths"][HUB] == {"auth": auth}
        assert file.stat().st_mode & 0o077 == 0 and (file.parent / "contexts").is_dir()
    assert not file.exists()
    assert {"t0ken-of-the-hub", auth} <= secrets.known()


@pytest.mark.parametrize("value", [None, "", " "])
def test_docker_keeps_its_configuration_without_accounts(value: str | None) -> None:
    given = {"DOCKER_CONFIG": "/mine"} | ({} if value is None else {ACCOUNTS: value})
    with signed_in(given) as environ:
        assert environ == {"DOCKER_CONFIG": "/mine"}


@pytest.mark.parametrize("value", ["t0ken-alone", "[]", "{}", '{"auths": []}', '{"auths": {"h": {"auth": "t0ken-x"}}}'])
def test_accounts_that_are_not_understood_are_not_shown(value: str) -> None:
    with pytest.raises(ImageError) as caught, signed_in({ACCOUNTS: value}):
        pass
    assert caught.value.where == ACCOUNTS and "t0ken" not in str(caught.value)
