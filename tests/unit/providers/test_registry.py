from __future__ import annotations

from ecluse.providers import PROVIDERS


def test_every_provider_is_in_one_visible_place() -> None:
    assert list(PROVIDERS) == ["github", "travis"]
