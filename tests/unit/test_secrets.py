from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecluse.secrets import REDACTED, Masker, Secret, known, masked

# Few letters, so that values begin, end and hold each other.
values = st.lists(st.text("ab-", min_size=1, max_size=5), min_size=1, max_size=4)


@pytest.mark.parametrize("shown", [str, repr, "{}".format, "{0!r:>3}".format, lambda secret: f"{secret}"])
def test_a_secret_prints_as_redacted(shown: object) -> None:
    assert callable(shown)
    assert shown(Secret("hunter2-hunter2")) == REDACTED


def test_a_secret_is_never_written_by_a_serialiser() -> None:
    secret = Secret("hunter2-hunter2")
    for write in (pickle.dumps, json.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            write(secret)  # type: ignore[operator]


def test_secrets_compare_by_value_and_reveal_it_only_when_asked() -> None:
    assert Secret("same-value") == Secret("same-value") != Secret("other-value")
    assert Secret("same-value").reveal() == "same-value"


def test_every_line_of_a_secret_is_masked() -> None:
    Secret("-----BEGIN KEY-----\nabcdefgh\n-----END KEY-----")
    assert masked("key: abcdefgh!") == f"key: {REDACTED}!"


def test_short_words_are_not_masked_since_that_would_tell_them() -> None:
    Secret("dev")
    assert not known()
    assert masked("developer") == "developer"


@given(values, st.text("ab-c", max_size=30), st.data())
def test_masking_is_independent_of_chunk_sizes(values: list[str], text: str, data: st.DataObject) -> None:
    whole = Masker(values)
    expected = whole.feed(text) + whole.flush()
    masker, shown, rest = Masker(values), "", text
    while rest:
        cut = data.draw(st.integers(1, len(rest)))
        shown += masker.feed(rest[:cut])
        rest = rest[cut:]
    assert shown + masker.flush() == expected


@given(st.text("abcdef", min_size=4, max_size=8), st.text("xyz \n", max_size=20), st.text("xyz \n", max_size=20))
def test_masker_never_lets_a_secret_through(value: str, before: str, after: str) -> None:
    masker = Masker([value])
    shown = "".join(masker.feed(character) for character in before + value + after) + masker.flush()
    assert shown == before + REDACTED + after


def test_longer_of_two_similar_secrets_is_fully_masked() -> None:
    masker = Masker(["token", "token-of-production"])
    assert masker.feed("x token-of-") + masker.feed("production y") + masker.flush() == f"x {REDACTED} y"


def test_masker_holds_back_only_a_possible_secret() -> None:
    masker = Masker(["password"])
    assert masker.feed("all is well, pass") == "all is well, "
    assert masker.feed("ed") == "passed"
