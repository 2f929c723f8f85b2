from __future__ import annotations

import base64
import copy
import json
import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecluse.masking import Masker, forms
from ecluse.secrets import REDACTED, Secret, known, masked

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


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("https://ci:t0k%2Fen@registry.example/team", "login as ci with t0k/en"),
        ("https://ci:t0k%2Fen@registry.example/team", "login as ci with t0k%2Fen"),
        ("https://t0kenofci@registry.example", "t0kenofci"),
        ("https://x.example/?a=1&api_key=s3cr3tkey", "key s3cr3tkey"),
        ('{"type": "account", "private_key": "abc\\ndefgh"}', "defgh"),
        ('pa"ss\\wörd\n', json.dumps('pa"ss\\wörd')),
        ('pa"ss\\wörd', json.dumps('pa"ss\\wörd', ensure_ascii=False)),
        ("pa'ss\\w\x1brd", repr("pa'ss\\w\x1brd")),
        ("pass&<wörd>", "pass&amp;&lt;wörd&gt;"),
        ("it's-a-secret", """'it'"'"'s-a-secret'"""),
        ("pa ss/wörd+x", "pa+ss%2Fw%C3%B6rd%2Bx"),
        ("pa ss/wörd+x", "pa%20ss%2fw%c3%b6rd%2bx"),
        ("hunter2-hunter2", base64.b64encode(b"hunter2-hunter2").decode()),
        ("hunter2-hunter2", base64.b64encode(b"hunter2-hunter2\n").decode()),
        ("hunter2-hunter2", base64.b64encode(b"u:hunter2-hunter2").decode()),
        ("hunter2-hunter2", base64.b64encode(b"user:hunter2-hunter2 and more").decode()),
        ("hunter2-hunter2", base64.b64encode(base64.b64encode(b"hunter2-hunter2")).decode()),
        ("hunter2-hunter2", base64.b64encode(b'{"a": "' + base64.b64encode(b"u:hunter2-hunter2\n") + b'"}').decode()),
        ("hunter2-hunter2", base64.b32encode(b"hunter2-hunter2").decode()),
        ("hunter2-hunter2", base64.b32encode(b"u:hunter2-hunter2!").decode().lower()),
        ("hunter2?hunter2>~~", base64.urlsafe_b64encode(b"us:hunter2?hunter2>~~!").decode()),
        ("k" * 50 + "ey" * 40, base64.encodebytes(b"k" * 50 + b"ey" * 40).decode()),
        ("hunter2-hunter2", b"hunter2-hunter2".hex()),
        ("hunter2-hunter2", b"hunter2-hunter2".hex().upper()),
        # As Jinja, XML's and Django's own functions escape quotes, and with numbers for all but letters.
        ('it\'s-"1"&2', "it&#39;s-&#34;1&#34;&amp;2"),
        ('it\'s-"1"&2', "it&apos;s-&quot;1&quot;&amp;2"),
        ('it\'s-"1"&2', "it's-&quot;1&quot;&amp;2"),
        ('it\'s-"1"&2', "it&#39;s&#45;&#34;1&#34;&#38;2"),
        ('it\'s-"1"&2', "it&#x27;s&#x2d;&#x22;1&#x22;&#x26;2"),
        ("wörd-wörd", "w&#246;rd-w&#246;rd"),
        # JSON in a page, and JSON in JSON; bytes; and a part of a longer text with quotes of its own.
        ("a<b>c&d'e/f", "a\\u003Cb\\u003Ec\\u0026d'e/f"),
        ("a<b>c&d'e/f", "a\\u003cb\\u003ec\\u0026d\\u0027e/f"),
        ("a/b/c/d", "a\\/b\\/c\\/d"),
        ('pa"ss\\wörd', json.dumps(json.dumps({"a": 'pa"ss\\wörd'}))),
        ("wörd-wörd", repr("wörd-wörd".encode())),
        ("it's\\here", repr('it\'s\\here and "there"')),
        ('its"\\here', repr("its\"\\here and it's")),
    ],
)
def test_secret_is_masked_in_every_form(value: str, shown: str) -> None:
    Secret(value)
    found = masked(f"before {shown} after")
    assert found.startswith("before ") and found.endswith(" after") and REDACTED in found
    for part in (value, *value.splitlines()):
        assert part not in found


@given(st.text(min_size=8, max_size=300), st.integers(0, 4))
def test_secret_in_base64_leaves_too_little_to_guess(value: str, before: int) -> None:
    try:
        content = b"u" * before + value.encode()
    except UnicodeEncodeError:
        return
    if len(value.encode()) < 12:
        return
    masker = Masker(forms(value))
    text = base64.b64encode(content).decode()
    left = (masker.feed(text) + masker.flush()).replace(REDACTED, "")
    assert len(left) <= 4 * before + 20, left


def test_a_long_log_is_masked_quickly() -> None:
    for number in range(20):
        Secret(f"https://user:pass-word-{number}@host.example/{number}")
    began = time.process_time()
    masked("tests/unit/test_a.py::test_b PASSED [ 10%] https://host.example user\n" * 10_000)
    assert time.process_time() - began < 5, "700 kB, with hundreds of forms"
