"""The address of a service in the place of the addresses that a project's settings have."""

from __future__ import annotations

from typing import Any

import pytest

from ecluse.outside.hook.ecluse_services import led_to

REDIS = "redis://:secret@cache.example:7000/0"
RABBITMQ = "amqp://guest:guest@queue.example:5672//"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("redis://localhost:6379/1", "redis://:secret@cache.example:7000/1"),
        ("rediss://:own@redis.example", REDIS),
        (["redis://localhost"], [REDIS]),
        (("localhost", 6379), ("cache.example", 7000)),
        ({"host": "redis", "port": "6379", "db": 2}, {"host": "cache.example", "port": "7000", "db": 2}),
        (
            {"default": {"CONFIG": {"hosts": [("127.0.0.1", 6379)]}}},
            {"default": {"CONFIG": {"hosts": [("cache.example", 7000)]}}},
        ),
    ],
)
def test_address_of_redis_is_replaced_at_any_depth(before: Any, after: Any) -> None:
    assert led_to(REDIS, {"CACHE": before}) == {"CACHE": after}


def test_parts_of_an_address_are_replaced_by_their_names() -> None:
    settings = {"REDIS_HOST": "localhost", "APP_REDIS_PORT": "6379", "REDIS_PASSWORD": None, "REDIS_DB": 1}
    after = {"REDIS_HOST": "cache.example", "APP_REDIS_PORT": "7000", "REDIS_PASSWORD": "secret"}
    assert led_to(REDIS, settings) == after


def test_port_is_the_usual_one_where_the_address_has_none() -> None:
    settings = {"REDIS_PORT": "7001", "LAYER": ("localhost", 6379), "QUEUE": {"host": "localhost", "port": 6379}}
    found = led_to("redis://cache.example", settings)
    assert found == {
        "REDIS_PORT": "6379",
        "LAYER": ("cache.example", 6379),
        "QUEUE": {"host": "cache.example", "port": 6379},
    }


def test_password_of_its_own_setting_is_not_escaped() -> None:
    found = led_to("redis://:p%40ss@cache.example", {"REDIS_PASSWORD": "own", "CACHE": "redis://localhost"})
    assert found == {"REDIS_PASSWORD": "p@ss", "CACHE": "redis://:p%40ss@cache.example"}


@pytest.mark.parametrize(
    ("url", "before", "port"),
    [
        ("rediss://:secret@cache.example", "redis://localhost", 6379),
        ("amqps://queue.example", "amqp://localhost", 5671),
        ("pyamqp://queue.example", "amqps://localhost", 5672),
    ],
)
def test_settings_are_led_to_another_scheme_of_the_same_kind(url: str, before: str, port: int) -> None:
    usual = {"redis": 6379, "amqp": 5672, "amqps": 5671}[before.partition(":")[0]]
    host = url.rpartition("@")[2].rpartition("/")[2]
    found = led_to(url, {"BROKER": before, "PLACE": ("localhost", usual)})
    assert found == {"BROKER": url, "PLACE": (host, port)}


def test_parts_of_a_tls_address_are_replaced_by_name() -> None:
    settings = {"REDIS_HOST": "localhost", "REDIS_PASSWORD": ""}
    assert led_to("rediss://:secret@cache.example", settings) == {
        "REDIS_HOST": "cache.example",
        "REDIS_PASSWORD": "secret",
    }


def test_virtual_host_is_that_of_the_service() -> None:
    found = led_to(RABBITMQ, {"BROKER": "pyamqp://me@rabbit.example:5672/own", "CACHE": "redis://localhost"})
    assert found == {"BROKER": RABBITMQ}


@pytest.mark.parametrize("value", ["https://redis.example", ("a", "b"), {"port": 6379}, 6379, None, {"redis"}])
def test_other_values_stay(value: Any) -> None:
    assert led_to(REDIS, {"VALUE": value, "EMAIL_HOST": "localhost", "EMAIL_PORT": 25}) == {}
