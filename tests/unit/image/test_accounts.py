from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from docker.credentials.errors import CredentialsNotFound, StoreError

from ecluse import secrets
from ecluse.image.accounts import from_docker


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
