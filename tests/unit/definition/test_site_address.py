from __future__ import annotations

import pytest

from ecluse.definition.site_address import is_local, problem


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "https://shop.example/", "https://[2001:db8::1]", "http://under_score.example"]
)
def test_address_of_a_site_is_fine(url: str) -> None:
    assert problem(url) is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("shop.example", "is no address of a site"),
        ("http://shop.example:port", "is no address: "),
        ("https://ada:secret@shop.example", "has an account or a password in it"),
        ("https://bücher.example", "write it as 'xn--bcher-kva.example'"),
        ("https://shop example", "neither the name of a host nor an IP address"),
        ("https://-shop.example", "neither the name of a host nor an IP address"),
    ],
)
def test_address_that_no_visitor_can_use_is_refused(url: str, said: str) -> None:
    assert said in str(problem(url)) and "secret" not in str(problem(url))


@pytest.mark.parametrize("host", ["localhost", "localhost.", "shop.localhost", "127.0.0.1", "127.8.9.1"])
def test_name_of_this_machine_alone_is_local(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", [None, "", "shop.example", "localhost.example", "10.0.0.1"])
def test_other_name_is_not_local(host: str | None) -> None:
    assert not is_local(host)
