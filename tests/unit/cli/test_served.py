from __future__ import annotations

from dataclasses import replace

import pytest

from ecluse.cli import served
from ecluse.definition.model import ImageSpec
from ecluse.deploy.session import Ended
from ecluse.errors import ImageError
from tests.support.doubles.images import APP, MemoryRegistry

SPEC = ImageSpec(published={"app": "shop"}, tests="tests", after="staging")
ENDED = Ended("deploy", "staging", "r1", None, "https://shop.example", "c0ffee")
ENVIRON = {"ECLUSE_REGISTRY": "https://registry.example/team"}


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> MemoryRegistry:
    made = MemoryRegistry({"shop": {"staging-c0ffee": APP}})
    monkeypatch.setattr(served, "Registry", lambda address, account: made)
    return made


def test_rollout_marks_the_images_of_its_commit(registry: MemoryRegistry) -> None:
    served.mark(SPEC, ENDED, ENVIRON)
    assert registry.content["shop", "served-staging-c0ffee"] == APP


def test_rollback_and_an_unknown_commit_mark_nothing(registry: MemoryRegistry) -> None:
    served.mark(SPEC, replace(ENDED, kind="rollback"), ENVIRON)
    served.mark(SPEC, replace(ENDED, commit=None), ENVIRON)
    assert registry.puts == []


def test_failed_mark_says_that_the_release_serves(registry: MemoryRegistry) -> None:
    registry.content.clear()
    with pytest.raises(ImageError, match="release r1 serves, but its images could not be marked") as caught:
        served.mark(SPEC, ENDED, ENVIRON)
    assert "./ecluse deploy staging again" in str(caught.value.hint)
