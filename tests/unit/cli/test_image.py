"""``ecluse image``, with an engine and a registry in memory and programs that are only told of."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecluse.cli import image as command
from ecluse.image import publish
from ecluse.image.engine import ImageDetails, PushFailed
from tests.support.doubles.images import APP, FRONT, OTHER, MemoryEngine, MemoryRegistry
from tests.support.doubles.programs import Programs

COMMIT = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
STAGING = f"staging-{COMMIT}"

PIPELINE = """
from ecluse import *
pipeline = Pipeline(
    name="shop",
    jobs=(Job(name="image", when=push("staging"), steps=(ecluse("image", "build"),)),),
    image=ImageSpec(published={"staticlayer": "shop-front", "applayer": "shop"}, tests="tests"),
)
"""

STEPS = """\
#1 [internal] load build definition from Dockerfile
#12 [applayer builder 1/2] RUN pip install
#12 0.4 Collecting Django
#13 [staticlayer builder 1/2] RUN pip install
#14 [applayer 2/2] COPY --from=builder /venv /venv
"""

Run = Callable[..., Any]


def facts(revision: str = COMMIT) -> ImageDetails:
    labels = {"org.opencontainers.image.revision": revision, "org.opencontainers.image.title": "shop"}
    return ImageDetails(
        "sha256:1", "2026-01-01T00:00:00Z", 81_000_000, labels, "10001", ("dumb-init", "--"), ("sha256:a",)
    )


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def programs(top: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """git in a clean checkout of staging, without a remote or a tag; docker, which succeeds."""
    git = f"git -C {top}"
    made = Programs()
    made.answers = {
        f"{git} show": "1760000000\n",
        f"{git} status": "",
        f"{git} config": 1,
        f"{git} rev-parse --abbrev-ref": "staging\n",
        f"{git} rev-parse --verify": f"{COMMIT}\n",
        f"{git} tag": "",
        "docker buildx bake": STEPS,
        "docker compose": "tests passed\n",
    }
    return made.take_over(monkeypatch)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> MemoryRegistry:
    made = MemoryRegistry()
    monkeypatch.setattr(command, "Registry", lambda address, account: made)
    monkeypatch.setenv("ECLUSE_REGISTRY", "https://ci:t0ken@registry.example/team")
    monkeypatch.setattr(publish, "PAUSES", (0.0,))
    return made


@pytest.fixture
def engine(registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch) -> MemoryEngine:
    """An engine that has both images as they were built last."""
    made = MemoryEngine(registry, FRONT, APP, facts={"shop-front:built": facts(), "shop:built": facts()})
    monkeypatch.setattr(command, "connect", lambda environ: contextlib.nullcontext(made))
    return made


@pytest.fixture
def changed(top: Path, programs: Programs) -> None:
    """The tree is not what was committed."""
    programs.answers[f"git -C {top} status"] = " M site.py\n"


def test_build_makes_all_targets_and_an_sbom_for_each_published(
    top: Path, ecluse: Run, programs: Programs, engine: MemoryEngine
) -> None:
    done = ecluse("image", "build")
    assert done.code == 0, done.err
    (bake,) = programs.started("docker", "buildx", "bake")
    asked = json.loads(bake.options["input"])["target"]
    assert {name: target["tags"] for name, target in asked.items()} == {
        "staticlayer": ["shop-front:built", f"shop-front:{STAGING}"],
        "applayer": ["shop:built", f"shop:{STAGING}"],
        "tests": ["shop-tests:built"],
    }
    bills = {path.name for path in (top / ".ecluse" / "image").iterdir()}
    assert bills == {"shop-front.cdx.json", "shop.cdx.json"}
    assert "shop:built  81 MB  sha256:1" in done.err


def test_build_pulls_with_the_account_that_it_is_given(
    ecluse: Run, programs: Programs, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth = "YWRhOnQwa2VuLW9mLXRoZS1odWI="
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps({"auths": {"registry.example": {"auth": auth}}}))
    ecluse("image", "build")
    (bake,) = programs.started("docker", "buildx", "bake")
    assert Path(bake.options["env"]["DOCKER_CONFIG"]).name == "docker"
    assert auth not in " ".join(bake.argv) and "DOCKER_AUTH_CONFIG" not in bake.options["env"]


@pytest.mark.parametrize("there", ["provider", "laptop"])
def test_build_at_a_provider_takes_base_images_from_the_mirror(
    there: str, top: Path, ecluse: Run, programs: Programs, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (top / "pipeline.py").write_text(
        PIPELINE.replace("image=Image", 'providers=Providers(mirror="mirror.example"),\n    image=Image')
    )
    (top / "Dockerfile").write_text("FROM python:3.13-slim-trixie AS base\nFROM base AS tests\n")
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "TRAVIS"):
        monkeypatch.delenv(name, raising=False)
    if there == "provider":
        monkeypatch.setenv("GITLAB_CI", "true")
        monkeypatch.setenv("CI_COMMIT_BRANCH", "staging")
    ecluse("image", "build")
    (bake,) = programs.started("docker", "buildx", "bake")
    contexts = json.loads(bake.options["input"])["target"]["tests"].get("contexts", {})
    taken = "docker-image://mirror.example/library/python:3.13-slim-trixie"
    assert contexts == ({"python:3.13-slim-trixie": taken} if there == "provider" else {})


def test_build_prints_each_step_once_without_its_output(ecluse: Run, programs: Programs, engine: MemoryEngine) -> None:
    told = [line.split()[:2] for line in ecluse("image", "build").err.splitlines() if line.startswith("  ")]
    assert told == [["builder", "1/2"], ["applayer", "2/2"]]


def test_a_build_without_cache_asks_for_every_layer_anew(ecluse: Run, programs: Programs, engine: MemoryEngine) -> None:
    ecluse("image", "build", "--no-cache")
    (bake,) = programs.started("docker", "buildx", "bake")
    assert bake.argv[-1] == "--no-cache"


def test_build_of_a_changed_tree_cannot_be_pushed(
    ecluse: Run, programs: Programs, engine: MemoryEngine, changed: None
) -> None:
    done = ecluse("image", "build")
    assert "can be tested, but not pushed" in done.err
    asked = json.loads(programs.started("docker")[0].options["input"])["target"]["applayer"]
    assert asked["tags"] == ["shop:built", "shop:development"]
    assert asked["labels"]["org.opencontainers.image.revision"] == f"{COMMIT}-dirty"


def test_a_build_that_fails_is_an_error_of_the_image(ecluse: Run, programs: Programs, engine: MemoryEngine) -> None:
    programs.answers["docker buildx bake"] = 1
    done = ecluse("image", "build")
    assert done.code == 12
    assert "docker buildx bake" in done.err and "the builder's last lines are above" in done.err


def test_outside_test_uses_the_built_images_and_cleans_up(
    ecluse: Run, programs: Programs, engine: MemoryEngine
) -> None:
    done = ecluse("image", "test")
    assert (done.code, done.out) == (0, "tests passed\n")
    up, down = programs.started("docker", "compose")
    given = up.options["env"]
    assert given["ECLUSE_RELEASE"] == COMMIT
    assert {name: value for name, value in given.items() if name.startswith("ECLUSE_IMAGE_")} == {
        "ECLUSE_IMAGE_STATICLAYER": "shop-front:built",
        "ECLUSE_IMAGE_APPLAYER": "shop:built",
        "ECLUSE_IMAGE_TESTS": "shop-tests:built",
    }
    project = up.argv[up.argv.index("--project-name") + 1]
    assert project in down.argv and "--volumes" in down.argv


def test_a_test_that_fails_still_removes_what_it_started(ecluse: Run, programs: Programs, engine: MemoryEngine) -> None:
    programs.answers["docker compose"] = lambda call: 1 if "up" in call.argv else ""
    done = ecluse("image", "test")
    assert done.code == 12
    assert "docker-compose.ci.yml: the images failed their test" in done.err
    assert "down" in programs.started("docker", "compose")[-1].argv


def test_outside_test_without_images_names_the_build_command(
    ecluse: Run, programs: Programs, engine: MemoryEngine, registry: MemoryRegistry
) -> None:
    engine.facts.clear()
    done = ecluse("image", "test")
    assert done.code == 12
    assert "there is no image shop:built here" in done.err and "ecluse image build" in done.err


def test_a_push_prints_where_each_image_is_by_its_digest(
    ecluse: Run, programs: Programs, engine: MemoryEngine, registry: MemoryRegistry
) -> None:
    done = ecluse("image", "push", "--branch", "staging")
    assert done.code == 0, done.err
    assert done.out.split() == [
        f"registry.example/team/shop-front@{FRONT.digest}",
        f"registry.example/team/shop@{APP.digest}",
    ]
    assert registry.content.keys() == {("shop-front", STAGING), ("shop", STAGING)}


def test_a_push_is_named_by_the_event_that_the_provider_reports(
    ecluse: Run, programs: Programs, engine: MemoryEngine, registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAVIS", "true")
    monkeypatch.setenv("TRAVIS_BRANCH", "feature/cart")
    assert ecluse("image", "push").code == 0
    assert ("shop", f"feature-cart-{COMMIT}") in registry.content


def test_image_of_a_changed_tree_is_not_pushed(
    ecluse: Run, programs: Programs, engine: MemoryEngine, registry: MemoryRegistry, changed: None
) -> None:
    done = ecluse("image", "push", "--branch", "staging")
    assert done.code == 12
    assert "commit it: an image is found again by its commit alone" in done.err
    assert registry.content == {}


@pytest.mark.parametrize(("revision", "said"), [("0ld", "is of 0ld, not of"), ("", "is of no commit, not of")])
def test_images_of_another_commit_are_not_pushed(
    ecluse: Run, programs: Programs, engine: MemoryEngine, registry: MemoryRegistry, revision: str, said: str
) -> None:
    engine.facts["shop:built"] = facts(revision)
    done = ecluse("image", "push", "--branch", "staging")
    assert done.code == 12
    assert said in done.err
    assert registry.content == {}, "the front server was pushed without the application that belongs to it"


def test_the_account_of_the_registry_is_never_printed(
    ecluse: Run, programs: Programs, engine: MemoryEngine, registry: MemoryRegistry
) -> None:
    engine.outcomes = [PushFailed("denied to ci:t0ken", False)]
    done = ecluse("image", "push", "--branch", "staging")
    assert done.code == 12
    assert "denied to ci:[REDACTED]" in done.err and "t0ken" not in done.out + done.err


def test_push_without_registry_names_the_variable(
    ecluse: Run, programs: Programs, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ECLUSE_REGISTRY")
    done = ecluse("image", "push", "--branch", "staging")
    assert done.code == 12
    assert "export ECLUSE_REGISTRY=https://USER:TOKEN@HOST/PREFIX" in done.err


@pytest.fixture
def staged(registry: MemoryRegistry) -> MemoryRegistry:
    registry.content = {("shop-front", STAGING): FRONT, ("shop", STAGING): APP}
    return registry


def test_promotion_gives_staging_images_the_version_of_the_tag(
    ecluse: Run, programs: Programs, staged: MemoryRegistry
) -> None:
    programs.answers[f"git -C {Path.cwd()} tag"] = "v1.2.3\nnot-a-version\n"
    done = ecluse("image", "promote")
    assert done.code == 0, done.err
    assert done.out.split() == [
        f"registry.example/team/shop-front@{FRONT.digest}",
        f"registry.example/team/shop@{APP.digest}",
    ]
    assert staged.content["shop", "1.2.3"] == staged.content["shop", "latest"] == APP
    assert programs.started("git", "-C", str(Path.cwd()), "rev-parse")[0].argv[-1] == "refs/tags/v1.2.3^{commit}"


def test_promotion_of_a_tag_event_takes_the_checked_out_commit(
    ecluse: Run, programs: Programs, staged: MemoryRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_REF", "refs/tags/v1.2.3")
    assert ecluse("image", "promote").code == 0
    assert (
        programs.started("git", "-C", str(Path.cwd()), "rev-parse")[0].argv[-1] == "HEAD"
    ), "it may not have fetched the tag"


@pytest.mark.parametrize(
    ("tags", "arguments", "code", "said"),
    [
        ("", (), 13, "has no version tag"),
        ("v1.0.0\nv1.0.1\n", (), 13, "has 2 version tags"),
        ("", ("--version", "next"), 12, "next is no version"),
        ("", ("--version", "v9.0.0"), 13, "there is no tag v9.0.0 here"),
    ],
)
def test_impossible_promotion_is_refused_with_a_hint(
    ecluse: Run,
    programs: Programs,
    staged: MemoryRegistry,
    tags: str,
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    programs.answers |= {f"git -C {Path.cwd()} tag": tags, f"git -C {Path.cwd()} rev-parse --verify": 1}
    done = ecluse("image", "promote", *arguments)
    assert done.code == code
    assert said in done.err and "hint:" in done.err
    assert staged.puts == []


def test_inspect_shows_the_application_that_was_built_last(
    ecluse: Run, programs: Programs, engine: MemoryEngine
) -> None:
    shown = ecluse("image", "inspect").out.splitlines()
    assert "image     shop:built" in shown
    assert "size      81 MB" in shown
    assert "command   dumb-init --" in shown
    assert f"          org.opencontainers.image.revision={COMMIT}" in shown
    assert "          sha256:a" in shown


def test_inspect_tells_programs_the_same_as_json(ecluse: Run, programs: Programs, engine: MemoryEngine) -> None:
    engine.facts["shop:other"] = facts("0ld")
    shown = json.loads(ecluse("image", "inspect", "shop:other", "--json").out)
    assert (shown["image"], shown["size"], shown["user"]) == ("shop:other", 81_000_000, "10001")
    assert shown["labels"]["org.opencontainers.image.revision"] == "0ld"


def test_inspect_prints_the_bill_of_materials(ecluse: Run, programs: Programs, engine: MemoryEngine) -> None:
    engine.records = "Name: Django\nVersion: 5.2.19\n\n-- pypi\n"
    bill = json.loads(ecluse("image", "inspect", "--sbom").out)
    assert [one["purl"] for one in bill["components"]] == ["pkg:pypi/django@5.2.19"]


def test_inspect_asks_the_registry_for_the_digests_of_the_commit(
    ecluse: Run, programs: Programs, staged: MemoryRegistry
) -> None:
    done = ecluse("image", "inspect", "--digest")
    assert done.out.split()[1] == f"registry.example/team/shop@{APP.digest}"
    staged.content = {("shop", STAGING): OTHER}
    done = ecluse("image", "inspect", "--digest")
    assert done.code == 12
    assert f"never built: registry.example/team/shop-front:{STAGING}" in done.err


def test_a_pipeline_without_images_says_which_field_it_lacks(top: Path, ecluse: Run) -> None:
    (top / "pipeline.py").write_text("".join(line for line in PIPELINE.splitlines(True) if "ImageSpec" not in line))
    done = ecluse("image", "push")
    assert done.code == 3
    assert "pipeline.py: the pipeline has no images" in done.err and "image=ImageSpec(...)" in done.err
