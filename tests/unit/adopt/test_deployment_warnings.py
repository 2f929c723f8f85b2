"""The warnings that are recorded when a project is adopted."""

from __future__ import annotations

from ecluse.adopt.deployment_warnings import recorded

FOUND = {"security.W004": "no HSTS", "security.W009": "a weak key"}


def test_strength_of_placeholder_is_not_recorded() -> None:
    assert recorded(FOUND, ("SECRET_KEY",)) == {"security.W004": "no HSTS"}


def test_strength_of_own_secret_is_recorded() -> None:
    assert recorded(FOUND, ()) == FOUND
