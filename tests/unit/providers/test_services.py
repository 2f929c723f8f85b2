"""The images that providers take for a job, from Docker Hub or from a mirror of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ecluse.definition.validate import problems
from ecluse.render import render
from tests.support.providers.pipelines import RELEASES


def images(mirror: str) -> set[str]:
    """The images in the files of all providers."""
    definition = replace(RELEASES, providers=replace(RELEASES.providers, mirror=mirror))
    text = "\n".join(render(definition).files.values())
    return set(re.findall(r"(?:image|name): (\S*\b(?:postgres|redis|python|docker):\S+)", text))


def test_images_come_from_docker_hub_without_a_mirror() -> None:
    found = images("")
    assert "postgres:18" in found and not [name for name in found if "/" in name]


def test_every_image_comes_from_the_mirror() -> None:
    found = images("mirror.example:5000/hub")
    assert {name.removeprefix("mirror.example:5000/hub/library/") for name in found} == images("")
    assert all(name.startswith("mirror.example:5000/hub/library/") for name in found)


@pytest.mark.parametrize("mirror", ["https://mirror.example", "mirror.example/", "${{ x }}", "a b"])
def test_mirror_that_is_no_host_is_refused(mirror: str) -> None:
    found = problems(replace(RELEASES, providers=replace(RELEASES.providers, mirror=mirror)))
    assert [problem.field for problem in found] == ["providers.mirror"]
