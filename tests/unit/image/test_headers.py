from __future__ import annotations

import pytest

from ecluse.image.headers import challenges, following


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('Bearer realm="https://a/t",service="r"', [("bearer", {"realm": "https://a/t", "service": "r"})]),
        ('Basic realm="x, Bearer y"', [("basic", {"realm": "x, Bearer y"})]),
        (
            'Basic realm="a", Bearer realm="b", scope="s"',
            [("basic", {"realm": "a"}), ("bearer", {"realm": "b", "scope": "s"})],
        ),
        ("Negotiate, BASIC Realm = simple", [("negotiate", {}), ("basic", {"realm": "simple"})]),
        ('Negotiate YWJj==, Basic realm="say \\"hi\\""', [("negotiate", {}), ("basic", {"realm": 'say "hi"'})]),
        ("", []),
        ('"broken', []),
    ],
)
def test_challenges_are_read_as_the_rfc_has_them(header: str, found: list[tuple[str, dict[str, str]]]) -> None:
    assert [(one.scheme, dict(one.parameters)) for one in challenges([header])] == found


def test_challenges_of_several_headers_are_all_read() -> None:
    assert [one.scheme for one in challenges(["Basic realm=a", "Bearer realm=b"])] == ["basic", "bearer"]


@pytest.mark.parametrize(
    "header",
    [
        '</next>; rel="next"',
        "</next>;rel=next",
        '</next>; title="a; b, c"; REL="NEXT"',
        '</first>; rel="first", </next>; rel="prev next"',
        '</a,b>; rel=first , </next> ; rel = "next"',
    ],
)
def test_next_page_is_found_in_a_link_header(header: str) -> None:
    assert following([header]) == "/next"


@pytest.mark.parametrize("headers", [[], [""], ['</p>; rel="prev"'], ['</n>; title="rel=next"'], ["/next; rel=next"]])
def test_link_header_without_a_next_page_has_none(headers: list[str]) -> None:
    assert following(headers) is None
