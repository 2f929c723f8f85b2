"""The images of the commit that is checked out, built once for all tests; and a registry of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.containers import CANARY, LABEL, TOP, docker


@pytest.fixture(scope="session")
def engine() -> Iterator[None]:
    try:
        reason = "" if docker("info", check=False).returncode == 0 else "no Docker engine answers"
    except FileNotFoundError:
        reason = "docker is not installed"
    if reason:
        pytest.skip(reason)
    _remove_left_behind()
    yield
    _remove_left_behind()


def _remove_left_behind() -> None:
    """Remove the containers and images that an earlier, killed run left behind."""
    if found := docker("ps", "--all", "--quiet", "--filter", f"label={LABEL}").stdout.split():
        docker("rm", "--force", "--volumes", *found)
    if found := docker("network", "ls", "--quiet", "--filter", f"label={LABEL}").stdout.split():
        docker("network", "rm", *found)


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that clones the commit, with the files of a person who works there: secrets that git ignores."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=TOP, text=True, capture_output=True, check=True).stdout

    def make(umask: str) -> Path:
        folder = tmp_path_factory.mktemp("clone") / "shop"
        script = f"umask {umask} && git clone --quiet --no-local '{TOP}' '{folder}' && cd '{folder}'"
        script += f" && git checkout --quiet -B staging {commit.strip()}"
        subprocess.run(["sh", "-euc", script], check=True)
        (folder / ".env").write_text(f"DJANGO_SECRET_KEY={CANARY}\n")
        (folder / "secrets").mkdir()
        (folder / "secrets" / "database_url").write_text(CANARY)
        return folder

    return make


@pytest.fixture(scope="session")
def checkout(engine: None, clone: Callable[[str], Path]) -> Path:
    return clone("022")


@pytest.fixture(scope="session")
def ecluse(checkout: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs the command in the clone; *env* is added to the environment."""

    def run(*arguments: str, cwd: Path = checkout, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        without = ("GITHUB_", "TRAVIS", "ECLUSE_REGISTRY", "PYTHONPATH")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(without)}
        done = subprocess.run(
            [sys.executable, "-m", "ecluse", *arguments],
            cwd=cwd,
            env={**clean, "PYTHONPATH": str(cwd / "src"), "NO_COLOR": "1", "ECLUSE_BUILT_TAG": "under-test", **env},
            text=True,
            capture_output=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def built(ecluse: Callable[..., subprocess.CompletedProcess[str]]) -> subprocess.CompletedProcess[str]:
    """The images, built of the clone."""
    return ecluse("image", "build", "--branch", "staging")


@pytest.fixture
def start(network: str) -> Iterator[Callable[..., str]]:
    """A function that starts a container, and returns its id. It is removed after the test."""
    made: list[str] = []

    def run(*arguments: str) -> str:
        made.append(docker("run", "--detach", "--label", LABEL, *arguments).stdout.strip())
        return made[-1]

    yield run
    if made:
        docker("rm", "--force", "--volumes", *made)


@pytest.fixture
def network(engine: None) -> Iterator[str]:
    name = f"ecluse-image-{os.getpid()}"
    docker("network", "create", "--label", LABEL, name)
    yield name
    docker("network", "rm", name)


@pytest.fixture
def database(start: Callable[..., str], network: str) -> str:
    """PostgreSQL in *network*; its address there."""
    start(
        "--network", network, "--network-alias", "db", "--env", "POSTGRES_HOST_AUTH_METHOD=trust", "postgres:18-trixie"
    )
    return "postgres://postgres@db/postgres"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tls_certificate and tls_key, for shop.test and 127.0.0.1."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=shop.test", "-addext", "subjectAltName=DNS:shop.test,IP:127.0.0.1",
         "-keyout", folder / "tls_key", "-out", folder / "tls_certificate"],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "tls_key").chmod(0o444)
    folder.chmod(0o755)
    return folder
