from pathlib import Path

from ecluse.image.build import build
from ecluse.image.compose import down, up


def test_a_build_names_its_target_its_time_and_its_release():
    argv = build(
        Path("/shop"),
        target="applayer",
        tags=["website:built", "website:pr-7"],
        labels={"org.opencontainers.image.title": "website"},
        epoch=1760000000,
        release="4b825dc",
    )
    assert argv == (
        *("docker", "buildx", "build", "--target", "applayer"),
        *("--load", "--provenance=false", "--progress=plain"),
        *("--build-arg", "SOURCE_DATE_EPOCH=1760000000", "--build-arg", "ECLUSE_RELEASE=4b825dc"),
        *("--label", "org.opencontainers.image.title=website"),
        *("--tag", "website:built", "--tag", "website:pr-7"),
        "/shop",
    )


def test_a_build_without_the_cache_makes_every_layer_again():
    argv = build(Path("/shop"), target="applayer", tags=[], labels={}, epoch=0, release="r", cache=False)
    assert "--no-cache" in argv


def test_the_test_from_outside_ends_as_its_service_does_and_leaves_nothing():
    compose = ("docker", "compose", "--ansi", "never", "--file", "ci.yml", "--project-name", "p1")
    assert up(Path("ci.yml"), project="p1", service="tests") == (
        *compose,
        *("up", "--no-build", "--quiet-pull", "--exit-code-from", "tests"),
    )
    assert down(Path("ci.yml"), project="p1") == (
        *compose,
        *("down", "--volumes", "--remove-orphans", "--timeout", "5"),
    )
