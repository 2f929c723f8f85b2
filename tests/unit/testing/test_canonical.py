import functools
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils.translation import gettext_lazy

from ecluse.testing.canonical import canonical, digest


class Thing:
    def __init__(self, value: object) -> None:
        self.value = value


def function() -> None:
    """Something a setting can be."""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"x", "y", "z"}, {"z", "y", "x"}),
        ([1, (2, "x")], (1, [2, "x"])),
        (Thing({"a"}), Thing({"a"})),
        (gettext_lazy("Hello"), gettext_lazy("Hello")),
        (Path("/a/b"), "/a/b"),
    ],
)
def test_equal_values_have_equal_canonical_text(one: object, other: object) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, "1"),
        (True, 1),
        ({"a": 1}, {"a": 2}),
        ([1, 2], [2, 1]),
        (Thing(1), Thing(2)),
        (timedelta(1), timedelta(2)),
        (gettext_lazy("Hello"), gettext_lazy("Bye")),
        (function, Thing),
        (["a, b"], ["a", "b"]),
    ],
)
def test_different_values_have_different_canonical_text(one: object, other: object) -> None:
    assert canonical(one) != canonical(other)


def test_canonical_text_holds_no_memory_address() -> None:
    for value in (Thing(1), function, functools.partial(function), object(), [Thing(Thing(2))]):
        assert "0x" not in canonical(value)


def test_canonical_text_does_not_depend_on_the_checkout_folder() -> None:
    one = canonical({"MEDIA_ROOT": Path("/home/a/site/media")}, top="/home/a/site")
    assert one == canonical({"MEDIA_ROOT": Path("/srv/ci/media")}, top="/srv/ci")


def test_self_referring_object_has_a_finite_canonical_text() -> None:
    thing = Thing(None)
    thing.value = thing
    assert canonical(thing) == canonical(thing)


def test_a_digest_is_short_and_takes_any_text() -> None:
    assert len(digest("\ud800")) == 16
    assert digest("a") == digest(b"a")


def test_attributes_in_slots_are_told() -> None:
    class Slotted:
        __slots__ = ("value",)

        def __init__(self, value: str) -> None:
            self.value = value

    assert canonical(Slotted("a")) == canonical(Slotted("a")) != canonical(Slotted("b"))
