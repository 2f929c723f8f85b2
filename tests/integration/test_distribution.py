"""Écluse as a package: built, installed, and used in a project that is not the one it is developed in."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecluse import __version__
from ecluse.definition.load import load
from ecluse.machine.tools import argv_of
from testbed.standins import package_index

TOP = Path(__file__).resolve().parents[2]

# What this test run was given is not the project's.
OURS = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PYTHONPATH"}
ENVIRON = {name: value for name, value in os.environ.items() if name not in OURS}

PIPELINE = """
from ecluse import *

pipeline = Pipeline(
    name="shop",
    services=(Service(name="postgres", kind="postgres", version="18"),),
    jobs=(
        Job(name="hello", when=push(), services=("postgres",), steps=(ecluse("--version"), tox("hello"))),
        Job(name="render", when=push(), needs=("hello",), steps=(ecluse("render", "--check"),)),
    ),
    environments=(
        Environment(
            name="local", target="server", settings="shop.settings", url="http://127.0.0.1:{port}",
            faces_world=False, watch=0.5,
        ),
    ),
    release=ReleaseSpec(
        files=("manage.py", "shop"), requirements="requirements.txt",
        wsgi="shop.wsgi:application", settings="shop.settings",
    ),
    image=ImageSpec(published={{"app": "shop"}}, tests="tests"),
    providers=Providers(accept=("travis-service-version",)),
)
"""
TOX = "[tox]\nenv_list = hello\nskipsdist = true\n[testenv:hello]\nskip_install = true\ncommands = python -c pass\n"


def call(*argv: str | Path, cwd: Path = TOP, code: int = 0) -> str:
    done = subprocess.run([*map(str, argv)], text=True, capture_output=True, cwd=cwd, env=ENVIRON, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def uv(*arguments: str | Path) -> str:
    return call(sys.executable, "-P", "-m", "uv", *arguments)


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist: those that are to be published, where a job names them."""
    if os.environ.get("ECLUSE_DISTRIBUTION"):
        return TOP / os.environ["ECLUSE_DISTRIBUTION"]
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--out-dir", folder, ".")
    return folder


@pytest.fixture(scope="module")
def wheel(distribution: Path) -> Path:
    (built,) = distribution.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an empty environment that the wheel was installed into, with no extra."""
    venv = tmp_path_factory.mktemp("installed")
    uv("venv", "--quiet", "--python", sys.executable, "--allow-existing", venv)
    uv("pip", "install", "--quiet", "--python", venv, wheel)
    return venv / "bin" / "ecluse"


@pytest.fixture
def project() -> Iterator[Path]:
    """A Django project with a pipeline; files beside it have the names of modules of Python."""
    # As root, PostgreSQL runs as nobody, who may not enter pytest's own folders.
    with tempfile.TemporaryDirectory(prefix="ecluse-") as scratch:
        Path(scratch).chmod(0o755)
        folder = Path(scratch).resolve() / "project"
        make(folder)
        yield folder
        assert not [*(folder / ".venv").iterdir()], "a project's own .venv is nobody else's"


def make(folder: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__", "pipeline.py")
    shutil.copytree(TOP / "testbed" / "projects" / "server", folder, ignore=ignore)
    shutil.copy(TOP / "requirements" / "site.txt", folder / "requirements.txt")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        (folder / "pipeline.py").write_text(PIPELINE.format(port=free.getsockname()[1]))
    for name in ("types", "secrets", "queue"):
        (folder / f"{name}.py").write_text("raise SystemExit('taken for a module of Python')\n")
    (folder / "tox.ini").write_text(TOX)
    (folder / ".venv").mkdir()
    call("git", "init", "--quiet", "--initial-branch", "main", cwd=folder)
    call("git", "add", "--all", cwd=folder)
    call("git", "-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "--quiet", "-m", "A shop", cwd=folder)


def test_distribution_holds_the_library_and_not_the_site(distribution: Path, wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    own = [path for path in (TOP / "src" / "ecluse").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert not {path.relative_to(TOP / "src").as_posix() for path in own} - {*names}
    assert not [name for name in names if not name.startswith("ecluse")]
    (sdist,) = distribution.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert {path.relative_to(TOP).as_posix() for path in own} <= packed


def test_distribution_is_what_an_index_takes(distribution: Path) -> None:
    files = sorted(distribution.glob("ecluse-*"))
    assert [path.name for path in files] == [
        f"ecluse-{__version__}-py3-none-any.whl",
        f"ecluse-{__version__}.tar.gz",
    ]
    assert call(sys.executable, "-P", "-m", "twine", "check", "--strict", *files).count("PASSED") == 2
    tags = call("git", "tag", "--points-at", "HEAD", "--list", "v*").split()
    assert not tags or f"v{__version__}" in tags, "the tag of a release is its version"


def test_main_commands_work_in_another_project(installed: Path, project: Path) -> None:
    def ecluse(*arguments: str) -> str:
        return call(installed, *arguments, cwd=project)

    try:
        assert "hello" in ecluse("plan", "--event", "push", "--ref", "main")
        assert "wrote      .travis.yml" in ecluse("render")
        ecluse("graph", "--output", "jobs.svg")
        assert "2 passed" in ecluse("run", "--event", "push", "--ref", "main")
        assert "hello" in ecluse("report")
        assert "hello: OK" in ecluse("test")
        assert "postgres://" in ecluse("db", "--", "env")

        ecluse("package")
        ecluse("deploy", "local")
        behaviour = project / "shop" / "behaviour.py"
        behaviour.write_text(behaviour.read_text().replace('"one"', '"two"'))
        ecluse("package")
        ecluse("deploy", "local")
        assert page(project).startswith("two ")
        ecluse("rollback", "local")
        assert page(project).startswith("one ")
        assert len(ecluse("history", "local").splitlines()) >= 3
        assert "healthy" in ecluse("status", "local")
        ecluse("logs", "local")
    finally:
        ecluse("stop", "local")
    assert not call("git", "status", "--porcelain", ".ecluse", ".tox", cwd=project), "git is told to ignore these"


def page(project: Path) -> str:
    """The page that the site of *project* answers with."""
    found = re.search(r'url="([^"]+)"', (project / "pipeline.py").read_text())
    assert found is not None
    with urllib.request.urlopen(found[1], timeout=60) as answer:
        return str(answer.read().decode())


def test_command_that_needs_an_extra_names_it(installed: Path, project: Path) -> None:
    said = call(installed, "image", "inspect", "shop:built", cwd=project, code=9)
    assert "ecluse[containers]" in said and "bug" not in said


def test_script_installs_what_the_lock_says(installed: Path, project: Path) -> None:
    call(installed, "bootstrap", cwd=project)
    assert (project / "ecluse").read_bytes() == (TOP / "ecluse").read_bytes()
    said = call("./ecluse", "render", cwd=project)
    assert "making .ecluse/tool" in said
    assert "making" not in call("./ecluse", "run", "--event", "push", "--ref", "main", cwd=project)
    # The lock has the hash of the wheel that stands beside it: another file of that name is refused.
    (kept,) = (project / "requirements" / "vendor").iterdir()
    kept.write_bytes(kept.read_bytes() + b" ")
    shutil.rmtree(project / ".ecluse" / "tool")
    assert "do not match" in call("./ecluse", "--version", cwd=project, code=9).lower()


def test_uvx_runs_the_wheel(wheel: Path, project: Path) -> None:
    argv = (sys.executable, "-P", "-m", "uv", "tool", "run", "--quiet", "--from", wheel, "ecluse")
    assert "hello" in call(*argv, "plan", "--event", "push", "--ref", "main", cwd=project)


def test_pytest_finds_the_plugin_of_the_testing_extra(wheel: Path, tmp_path: Path) -> None:
    uv("venv", "--quiet", "--python", sys.executable, tmp_path / "venv")
    uv("pip", "install", "--quiet", "--python", tmp_path / "venv", f"{wheel}[testing]")
    (tmp_path / "test_nothing.py").write_text("def test_nothing(): pass\n")
    said = call(tmp_path / "venv/bin/pytest", "--trace-config", "-q", cwd=tmp_path)
    assert "ecluse.testing.plugin" in said


def test_job_publish_uploads_what_was_built(distribution: Path, tmp_path: Path) -> None:
    """The last step of this repository's job, up to an index: without a password, by the job's identity alone."""
    (publish,) = (job for job in load(TOP / "pipeline.py").jobs if job.name == "publish")
    upload = argv_of([part.replace("{output}/dist", str(distribution)) for part in publish.steps[-1].run])
    with package_index.serving(tmp_path) as index:
        for _again in range(2):  # a job that is run again finds the files there, and is as good
            done = subprocess.run(upload, env=ENVIRON | index.environ(), text=True, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr + str(index.refused)
        assert index.files == {path.name: path.read_bytes() for path in distribution.glob("ecluse-*")}
