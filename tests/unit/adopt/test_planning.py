"""The plan of an adoption."""

from __future__ import annotations

from typing import Any

import pytest

from ecluse.adopt.asking import SettingsReport
from ecluse.adopt.overrides import overrides
from ecluse.adopt.planning import _services


@pytest.mark.parametrize(
    "settings",
    [
        {"HUEY": {"name": "shop"}},
        {"CACHES": {"default": {"BACKEND": "shop.redis.Cache"}}},
    ],
)
def test_service_is_planned_without_which_a_setting_is_announced(settings: dict[str, Any]) -> None:
    answer = SettingsReport(True, settings=settings, services={"redis": (), "rabbitmq": ()})
    assert _services(answer, None, overrides(answer)) == ("redis",)


def test_service_is_planned_once() -> None:
    answer = SettingsReport(True, settings={"HUEY": {"name": "shop"}}, services={"redis": ("HUEY",), "rabbitmq": ()})
    assert _services(answer, None, overrides(answer)) == ("redis",)
    assert _services(SettingsReport(True), None, overrides(SettingsReport(True))) == ()
