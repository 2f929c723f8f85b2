"""The wheel is whole: what is run from the tree everywhere else works installed, in an empty environment."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


def uv(*arguments: str | Path) -> str:
    done = subprocess.run(
        (sys.executable, "-m", "uv", *map(str, arguments)), text=True, capture_output=True, cwd=TOP, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--wheel", "--out-dir", folder, ".")
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_the_typed_library_and_not_the_site(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "ecluse/py.typed" in names
    assert not [name for name in names if name.startswith(("website", "settings", "tests"))]
    missing = {
        path.relative_to(TOP / "src").as_posix()
        for path in (TOP / "src" / "ecluse").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } - set(names)
    assert not missing


def test_the_command_works_with_the_core_dependencies_alone(wheel: Path, tmp_path: Path) -> None:
    uv("venv", "--quiet", "--python", sys.executable, tmp_path / "venv")
    uv("pip", "install", "--quiet", "--python", tmp_path / "venv", wheel)
    (tmp_path / "pipeline.py").write_text(
        "from ecluse import Job, Pipeline, command, push\n"
        "pipeline = Pipeline(name='demo', jobs=(Job(name='hello', when=push(), steps=(command('echo', 'hello'),)),))\n"
    )
    done = subprocess.run(
        (tmp_path / "venv/bin/ecluse", "plan", "--event", "push", "--ref", "main"),
        text=True,
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "hello" in done.stdout


def test_pytest_finds_the_plugin_of_the_testing_extra(wheel: Path, tmp_path: Path) -> None:
    uv("venv", "--quiet", "--python", sys.executable, tmp_path / "venv")
    uv("pip", "install", "--quiet", "--python", tmp_path / "venv", f"{wheel}[testing]")
    (tmp_path / "test_nothing.py").write_text("def test_nothing(): pass\n")
    argv = (tmp_path / "venv/bin/pytest", "--trace-config", "-q")
    # pytest-django has set the site's settings for this process; they are not that environment's.
    environ = {
        name: value for name, value in os.environ.items() if name not in {"DJANGO_SETTINGS_MODULE", "PYTHONPATH"}
    }
    done = subprocess.run(argv, text=True, capture_output=True, cwd=tmp_path, env=environ, check=False)
    assert done.returncode == 0, done.stdout
    assert "ecluse.testing.plugin" in done.stdout
