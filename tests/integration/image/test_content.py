"""The content of the images, and what must not be in them."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from datetime import UTC, datetime

import pytest

from ecluse.image.bake import BuildTarget, build, definition
from ecluse.image.source import labels, source_of
from testbed.containers import CANARY, docker, inspect

pytestmark = pytest.mark.engine

BASES = {"website:under-test": "python:3.13-slim-trixie", "website-front:under-test": "nginx:1.28-trixie"}


@pytest.fixture(scope="module", params=BASES)
def layers(request, built):
    """The files of the layers that are ours, by layer: name and content."""
    files: dict[str, dict[str, bytes]] = {}
    order: list[str] = []
    with (
        subprocess.Popen(["docker", "save", request.param], stdout=subprocess.PIPE) as saved,
        tarfile.open(fileobj=saved.stdout, mode="r|") as archive,
    ):
        for member in archive:
            if member.name == "manifest.json":
                order = json.load(archive.extractfile(member))[0]["Layers"]
            elif member.isfile() and member.size > 512:
                files[member.name] = files_of(archive.extractfile(member))
        while saved.stdout.read(65536):  # what pads the archive
            pass
    ours = [files[name] for name in order[len(layers_of(BASES[request.param])) :]]
    assert sum(map(len, ours)) > 50
    return ours


def files_of(stream):
    """The files of a layer; none where it is something else (a configuration)."""
    try:
        with tarfile.open(fileobj=stream, mode="r|") as layer:
            return {one.name: layer.extractfile(one).read() for one in layer if one.isfile()}
    except tarfile.TarError:
        return {}


def layers_of(image):
    return inspect(image)["RootFS"]["Layers"]


def test_image_layers_hold_no_secret(layers):
    holding = [name for layer in layers for name, content in layer.items() if CANARY.encode() in content]
    assert holding == []


FORBIDDEN = re.compile(
    r"(^|/)(\.git|\.env|secrets|tests|node_modules|\.cache)(/|$)(?<!dist-packages/)"
    r"|(^|/)usr/(local/)?bin/(gcc|cc|g\+\+|ld|make|cpp|pip3?)$|^app/(pipeline\.py|\.venv|\.tox|docs)"
)
# Parts of installed packages that are called like what we mean: modules of theirs, needed when they run.
INSTALLED = re.compile(r"^opt/venv/lib/")


def test_image_layers_hold_no_build_or_test_tools(layers):
    found = [name for layer in layers for name in layer if FORBIDDEN.search(name) and not INSTALLED.match(name)]
    assert found == []
    assert not [name for layer in layers for name in layer if name.endswith((".po", ".c", ".pyx"))]


@pytest.mark.parametrize("image", BASES)
def test_image_labels_name_the_commit_and_its_date(image, built, checkout):
    labels = inspect(image)["Config"]["Labels"]
    commit, date = subprocess.run(
        ["git", "log", "-1", "--format=%H %ct"], cwd=checkout, text=True, capture_output=True, check=True
    ).stdout.split()
    assert labels["org.opencontainers.image.revision"] == commit
    assert labels["org.opencontainers.image.version"] == f"staging-{commit}"
    assert datetime.fromisoformat(labels["org.opencontainers.image.created"]) == datetime.fromtimestamp(int(date), UTC)
    assert datetime.fromisoformat(inspect(image)["Created"]) == datetime.fromtimestamp(int(date), UTC)


def test_sbom_lists_what_the_image_really_contains(built, checkout):
    bill = json.loads((checkout / ".ecluse" / "image" / "website.cdx.json").read_text())
    script = "import importlib.metadata as m; print(*{one.name for one in m.distributions()})"
    installed = (
        docker("run", "--rm", "website:under-test", "python", "-c", script).stdout.lower().replace("_", "-").split()
    )
    listed = {one["purl"].partition("@")[0].removeprefix("pkg:pypi/") for one in bill["components"]}
    assert set(installed) <= listed
    assert "django" in listed
    assert any(one["purl"].startswith("pkg:deb/debian/libc6@") for one in bill["components"])


def test_builds_of_one_commit_in_two_clones_are_identical(built, clone):
    other = clone("002")
    source = source_of(other)
    target = BuildTarget(
        "applayer", ["website:again"], labels(source, title="website", version=f"staging-{source.commit}")
    )
    what = definition(other, [target], epoch=source.committed, release=source.revision)
    subprocess.run(build(cache=False), input=what, text=True, capture_output=True, check=True)
    again = inspect("website:again")["Id"]
    docker("rmi", "website:again")
    assert again == inspect("website:under-test")["Id"]


def test_change_of_a_view_changes_only_the_last_layer(built, checkout):
    view = checkout / "src" / "website" / "views.py"
    before = view.read_text()
    try:
        view.write_text(before + "\n# changed\n")
        docker("build", "--quiet", "--target", "applayer", "--tag", "website:changed", str(checkout))
    finally:
        view.write_text(before)
    old, new = layers_of("website:under-test"), layers_of("website:changed")
    docker("rmi", "website:changed")
    assert old[:-1] == new[:-1]
    assert old[-1] != new[-1]


def test_static_files_match_the_production_settings(built):
    script = """
import json, os, subprocess, sys, tempfile
folder = tempfile.mkdtemp()
env = dict(os.environ, DJANGO_STATIC_ROOT=folder, DJANGO_SECRET_KEY="x" * 10 + os.urandom(30).hex(),
           DATABASE_URL="postgres://nobody@127.0.0.1:1/none", DJANGO_ALLOWED_HOSTS="x.test")
subprocess.run([sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"], env=env, check=True)
read = lambda top: json.load(open(os.path.join(top, "staticfiles.json")))
# More may be there: what the client's build made is not in the site's folders.
assert read(folder)["paths"].items() <= read("/app/staticfiles")["paths"].items()
"""
    docker(
        "run",
        "--rm",
        "--env",
        "DJANGO_SETTINGS_MODULE=settings.production",
        "website:under-test",
        "python",
        "-c",
        script,
    )


def test_ecluse_wait_imports_no_heavy_module_in_the_image(built):
    script = """
import sys, ecluse.cli.wait
heavy = set(sys.modules) & {"asyncio", "celery", "django", "docker", "ecluse.services", "psycopg2", "rich"}
assert not heavy, heavy
"""
    docker("run", "--rm", "website:under-test", "python", "-c", script)
