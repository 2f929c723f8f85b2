from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ecluse.definition.model import Environment
from ecluse.deploy.targets.server import releases as module
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.releases import ServerReleases
from ecluse.errors import ReleaseError
from ecluse.machine import virtualenv

ENVIRONMENT = Environment(name="local", target="server", settings="s", url="http://127.0.0.1:8000")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The virtual environments that were made, each with a Python."""
    found: list[Path] = []

    def ensure(folder: Path, lock: Path, *_rest: object, **_more: object) -> Path:
        venv = folder / virtualenv.key(lock.read_bytes())
        if not venv.is_dir():
            (venv / "bin").mkdir(parents=True)
            (venv / "bin" / "python").touch()
            found.append(venv)
        return venv

    monkeypatch.setattr(module.virtualenv, "ensure", ensure)
    return found


def staged(folder: Path, *, python: str = "") -> ServerReleases:
    """The releases of an environment in *folder*, where 4f1c was staged and its virtual environment is gone."""
    release = folder / "releases" / "4f1c"
    release.mkdir(parents=True)
    (folder / "venvs").mkdir()
    (release / "requirements.txt").write_text("django==5.2\n")
    manifest = {"id": "4f1c", "digest": "", "python": python or virtualenv.version(), "wsgi": "shop.wsgi"}
    (release / "release.json").write_text(json.dumps({**manifest, "commit": None, "dirty": False, "created": 1.5}))
    return ServerReleases(Place(folder, ENVIRONMENT, {}), folder, lambda line: None)


def test_virtual_environment_that_was_deleted_is_made_anew(tmp_path: Path, made: list[Path]) -> None:
    releases = staged(tmp_path)
    release = releases.get("4f1c")
    releases.unpack(release)
    releases.unpack(release)
    assert len(made) == 1 and (release.programs / "python").exists()
    shutil.rmtree(made[0])
    releases.unpack(release)
    assert len(made) == 2 and (release.programs / "python").exists()


def test_virtual_environment_whose_python_is_gone_is_made_anew(tmp_path: Path, made: list[Path]) -> None:
    releases = staged(tmp_path)
    release = releases.get("4f1c")
    releases.unpack(release)
    (made[0] / "bin" / "python").unlink()
    (made[0] / "bin" / "python").symlink_to("/nowhere/python3.11")
    releases.unpack(release)
    assert len(made) == 2 and (release.programs / "python").exists()


def test_release_of_a_python_that_is_not_here_is_refused(
    tmp_path: Path, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.interpreters, "installed", lambda environ: {"3.12": Path("python3.12")})
    releases = staged(tmp_path, python="cpython-3.99")
    with pytest.raises(ReleaseError, match="4f1c was made for cpython-3.99, this is"):
        releases.unpack(releases.get("4f1c"))
    assert made == []
