"""Pushing and promoting, with a registry that is a dictionary and an engine that does as it is told."""

import pytest

from ecluse.errors import ImageError
from ecluse.image import publish
from ecluse.image.engine import PushFailed
from ecluse.image.names import Version
from tests.support.doubles.images import APP, FRONT, OTHER
from tests.support.doubles.images import MemoryEngine as Engine
from tests.support.doubles.images import MemoryRegistry

NAMES = ["website-front", "website"]


def having(**content):
    return MemoryRegistry({name.replace("_", "-"): tags for name, tags in content.items()})


def push(engine, registry):
    said = []
    digest = publish.push(
        engine, registry, "website:built", "website", "staging-1", progress=print, say=said.append, pauses=(0, 0)
    )
    return digest, said


def test_a_push_returns_the_digest_that_the_registry_gives_back():
    registry = MemoryRegistry()
    assert push(Engine(registry, APP), registry) == (APP.digest, [])


def test_a_push_is_tried_again_while_the_network_fails():
    registry = MemoryRegistry()
    digest, said = push(Engine(registry, PushFailed("EOF", True), PushFailed("timeout", True), APP), registry)
    assert digest == APP.digest
    assert [line.partition(": ")[2] for line in said] == ["EOF; again in 0 s", "timeout; again in 0 s"]


def test_push_that_keeps_failing_ends_with_the_last_reason():
    registry = MemoryRegistry()
    engine = Engine(registry, *(PushFailed(f"EOF {attempt}", True) for attempt in range(3)))
    with pytest.raises(ImageError, match="the push failed: EOF 2") as caught:
        push(engine, registry)
    assert caught.value.where == "registry.example/team/website:staging-1"


def test_a_wrong_account_is_not_tried_again():
    registry = MemoryRegistry()
    with pytest.raises(ImageError, match="unauthorized"):
        push(Engine(registry, PushFailed("unauthorized", False), APP), registry)


def test_image_of_a_commit_is_pushed_only_once():
    registry = having(website={"staging-1": OTHER})
    digest, said = push(Engine(registry), registry)
    assert digest == OTHER.digest
    assert "is there already" in said[0]


def test_push_fails_if_the_registry_returns_another_image():
    registry = MemoryRegistry()
    engine = Engine(registry, APP)
    registry.manifest = lambda name, reference: OTHER if (name, reference) in registry.content else None
    with pytest.raises(ImageError, match=f"was pushed, but the registry answers with {OTHER.digest}"):
        push(engine, registry)


def promote(registry, version="1.2.3"):
    found = Version.parse(version)
    assert found is not None
    return publish.promote(registry, NAMES, "staging-1", found, lambda line: None)


def test_promotion_tags_the_same_images_and_the_site_last():
    registry = having(website={"staging-1": APP}, website_front={"staging-1": FRONT})
    assert promote(registry) == {"website-front": FRONT.digest, "website": APP.digest}
    assert registry.puts[:2] == [("website-front", "1.2.3"), ("website", "1.2.3")]
    assert set(registry.puts[2:]) == {(name, tag) for name in NAMES for tag in ("1.2", "latest")}


def test_promotion_without_a_built_image_changes_no_tag():
    registry = having(website={"staging-1": APP})
    with pytest.raises(ImageError, match="never built: registry.example/team/website-front:staging-1"):
        promote(registry)
    assert registry.puts == []


def test_version_tag_is_never_moved():
    registry = having(website={"staging-1": APP, "1.2.3": OTHER}, website_front={"staging-1": FRONT})
    with pytest.raises(ImageError, match="1.2.3 is released already"):
        promote(registry)
    assert registry.puts == []


def test_interrupted_promotion_is_finished_by_the_next():
    registry = having(website={"staging-1": APP}, website_front={"staging-1": FRONT, "1.2.3": FRONT})
    promote(registry)
    assert registry.manifest("website", "latest") == APP


def test_patch_of_an_old_version_does_not_move_latest():
    registry = having(
        website={"staging-1": APP, "2.0.0": OTHER, "latest": OTHER},
        website_front={"staging-1": FRONT, "2.0.0": OTHER, "latest": OTHER},
    )
    promote(registry)
    assert registry.manifest("website", "latest") == OTHER
    assert registry.manifest("website", "1.2") == APP


SERVED = ("staging", "c0ffee")


def test_promotion_waits_for_a_rollout_that_succeeded():
    registry = having(website_front={"staging-1": FRONT}, website={"staging-1": APP})
    with pytest.raises(ImageError, match="no rollout to staging has succeeded with the images of c0ffee") as caught:
        publish.promote(registry, NAMES, "staging-1", Version(1, 2, 3), print, served=SERVED)
    assert registry.puts == [] and "./ecluse deploy staging" in str(caught.value.hint)
    publish.mark_served(registry, NAMES, "staging-1", *SERVED)
    assert publish.promote(registry, NAMES, "staging-1", Version(1, 2, 3), print, served=SERVED)


def test_mark_of_other_images_proves_nothing():
    registry = having(website_front={"staging-1": FRONT}, website={"staging-1": APP})
    publish.mark_served(registry, NAMES, "staging-1", *SERVED)
    registry.content["website", "staging-1"] = OTHER
    with pytest.raises(ImageError, match="no rollout"):
        publish.promote(registry, NAMES, "staging-1", Version(1, 2, 3), print, served=SERVED)


def test_images_are_marked_once():
    registry = having(website_front={"staging-1": FRONT}, website={"staging-1": APP})
    for _ in range(2):
        publish.mark_served(registry, NAMES, "staging-1", *SERVED)
    assert registry.puts == [("website-front", "served-staging-c0ffee"), ("website", "served-staging-c0ffee")]
