from __future__ import annotations

from ecluse.providers import PROVIDERS, pull_request_number, reported


def test_every_provider_is_in_one_visible_place() -> None:
    assert list(PROVIDERS) == ["github", "travis"]


def test_a_laptop_reports_nothing_even_with_a_variable_left_over() -> None:
    assert reported({"CI": "true", "GITHUB_REF": "refs/heads/main"}) is None
    assert pull_request_number({}) is None
