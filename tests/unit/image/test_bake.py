import json
from pathlib import Path

from ecluse.image.bake import BuildTarget, build, definition


def test_build_command_reads_all_targets_from_standard_input():
    assert build() == (
        *("docker", "buildx", "bake", "--file", "-", "--load", "--provenance=false", "--progress=plain"),
    )
    assert build(cache=False)[-1] == "--no-cache"


def test_target_has_its_tags_labels_time_and_release():
    targets = [
        BuildTarget("applayer", ["website:built", "website:pr-7"], {"title": "the ${shop}"}),
        BuildTarget("tests", []),
    ]
    found = json.loads(definition(Path("/shop"), targets, epoch=1760000000, release="4b825dc"))
    assert found["group"] == {"default": {"targets": ["applayer", "tests"]}}
    assert found["target"]["applayer"] == {
        "context": "/shop",
        "target": "applayer",
        "tags": ["website:built", "website:pr-7"],
        # What stands in a label is no variable of bake's.
        "labels": {"title": "the $${shop}"},
        "args": {"SOURCE_DATE_EPOCH": "1760000000", "ECLUSE_RELEASE": "4b825dc"},
    }


def test_base_images_stand_in_the_place_of_those_named():
    bases = {"python:3.13": "mirror.example/library/python:3.13"}
    found = json.loads(definition(Path("/shop"), [BuildTarget("site", [])], epoch=1, release="r", bases=bases))
    assert found["target"]["site"]["contexts"] == {"python:3.13": "docker-image://mirror.example/library/python:3.13"}
