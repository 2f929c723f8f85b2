"""The secrets that a deployer gives: read byte for byte, and refused where they cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.definition.model import Environment
from ecluse.deploy.targets.swarm.secret_values import SECRET_BYTES, Given
from ecluse.errors import TargetError

NAMES = ("database_url", "tls_key")


def given(top: Path, **environ: str) -> Given:
    environment = Environment(
        name="staging", target="swarm", settings="s", url="https://shop.example", secrets=("DATABASE_URL",)
    )
    return Given(environment, environ, top)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "secrets"
    made.mkdir()
    return made


@pytest.mark.parametrize("value", [b"a\r\nb\r\n", b"\x00\xff\x80", "é\n".encode()])
def test_secret_of_a_file_is_taken_byte_for_byte(tmp_path: Path, folder: Path, value: bytes) -> None:
    (folder / "tls_key").write_bytes(value)
    assert given(tmp_path).value("tls_key", "secrets/tls_key") == value
    assert given(tmp_path).value("database_url", "secrets/database_url") is None


def test_variable_gives_a_secret_and_an_empty_one_gives_none(tmp_path: Path) -> None:
    assert given(tmp_path, DATABASE_URL="postgres:///").value("database_url", None) == b"postgres:///"
    assert given(tmp_path, DATABASE_URL="").value("database_url", None) is None


def test_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    given(tmp_path).check(NAMES)
    with pytest.raises(TargetError, match="cannot be read: sekrets: No such file") as caught:
        given(tmp_path, STAGING_ECLUSE_SECRETS="sekrets").check(NAMES)
    assert caught.value.where == "STAGING_ECLUSE_SECRETS"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tls_kye", b"x", r"the stack file has no secret tls_kye \(did you mean tls_key\?\)"),
        ("tls_key", b"", "this file is empty"),
        ("tls_key", b"\n", "this file is empty"),
        ("tls_key", b"x" * SECRET_BYTES, "has 512000 bytes, and a swarm takes less than 512000"),
    ],
)
def test_secret_that_cannot_be_meant_is_refused(
    tmp_path: Path, folder: Path, name: str, content: bytes, said: str
) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(TargetError, match=said) as caught:
        given(tmp_path, ECLUSE_SECRETS=str(folder)).check(NAMES)
    assert caught.value.where == str(folder / name)


def test_hidden_files_in_the_folder_are_left_alone(tmp_path: Path, folder: Path) -> None:
    (folder / ".gitignore").write_text("")
    given(tmp_path, ECLUSE_SECRETS="secrets").check(NAMES)
