import pytest

from ecluse.definition.model import Event
from ecluse.errors import ImageError
from ecluse.image.names import (
    Version,
    image_variable,
    moving_tags,
    registry_of,
    tag_of,
)

COMMIT = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.mark.parametrize(
    ("event", "number", "tag"),
    [
        (Event(kind="pull_request", branch="staging"), "7", "pr-7"),
        (Event(kind="push", branch="staging"), None, f"staging-{COMMIT}"),
        (Event(kind="push", branch="feature/Élan vital"), None, f"feature-lan-vital-{COMMIT}"),
    ],
)
def test_image_tag_is_named_after_its_event(event, number, tag):
    assert tag_of(event, COMMIT, number) == tag


@pytest.mark.parametrize("event", [Event(kind="tag", tag="v1.0.0"), Event(kind="ship"), Event(kind="pull_request")])
def test_an_event_that_builds_nothing_is_refused(event):
    with pytest.raises(ImageError, match=f"no image is built for the event {event.kind}"):
        tag_of(event, COMMIT)


@pytest.mark.parametrize("text", ["1.2", "v1.2.3.4", "1.2.3+build", "latest", "v01.2.3", "staging-1.2.3", "1.2.3-"])
def test_invalid_version_parses_to_none(text):
    assert Version.parse(text) is None


def test_versions_are_ordered_by_number_and_not_by_letter():
    versions = ["1.10.0", "1.9.9", "2.0.0", "1.2.3"]
    ordered = sorted(found for found in map(Version.parse, versions) if found)
    assert [str(one) for one in ordered] == ["1.2.3", "1.9.9", "1.10.0", "2.0.0"]


@pytest.mark.parametrize(
    ("version", "existing", "tags"),
    [
        ("v1.0.0", [], ["1.0", "latest"]),
        ("v1.2.3", ["1.2.2", "1.2", "latest", "staging-abc"], ["1.2", "latest"]),
        ("v1.2.4", ["1.2.3", "2.0.0"], ["1.2"]),
        ("v1.2.3", ["1.2.4", "2.0.0"], []),
        ("v1.10.0", ["1.9.0"], ["1.10", "latest"]),
        # Given again, as after an interruption.
        ("v1.2.3", ["1.2.3"], ["1.2", "latest"]),
        # A prerelease is nobody's latest, and takes nothing from a release.
        ("v2.0.0-rc.1", ["1.0.0"], []),
        ("v1.0.0", ["2.0.0-rc.1"], ["1.0", "latest"]),
    ],
)
def test_a_moving_tag_goes_to_the_highest_release_only(version, existing, tags):
    found = Version.parse(version)
    assert found is not None
    assert moving_tags(found, existing) == tags


def test_registry_address_has_an_account_and_hides_it():
    found = registry_of({"ECLUSE_REGISTRY": "https://ci:s3cr%40t-token@registry.example:5000/team/"})
    assert found.repository("website") == "registry.example:5000/team/website"
    assert (found.url, found.user, found.password.reveal()) == ("https://registry.example:5000", "ci", "s3cr@t-token")
    assert "s3cr" not in repr(found)


@pytest.mark.parametrize(
    ("address", "repository", "url"),
    [
        ("registry.example", "registry.example/website", "https://registry.example"),
        ("http://127.0.0.1:5000", "127.0.0.1:5000/website", "http://127.0.0.1:5000"),
        ("https://registry.example/a/b", "registry.example/a/b/website", "https://registry.example"),
    ],
)
def test_registry_scheme_follows_its_address(address, repository, url):
    found = registry_of({"ECLUSE_REGISTRY": address})
    assert (found.repository("website"), found.url) == (repository, url)


@pytest.mark.parametrize(
    "address", ["", "  ", "ftp://registry.example", "https://", "https://h:port/", "https://h/UPPER"]
)
def test_invalid_registry_address_is_refused_by_name(address):
    with pytest.raises(ImageError) as caught:
        registry_of({"ECLUSE_REGISTRY": address})
    assert caught.value.where == "ECLUSE_REGISTRY"


def test_target_name_makes_its_compose_variable():
    assert image_variable("applayer") == "ECLUSE_IMAGE_APPLAYER"
    assert image_variable("front-layer") == "ECLUSE_IMAGE_FRONT_LAYER"
