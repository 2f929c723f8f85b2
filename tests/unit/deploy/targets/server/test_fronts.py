"""The front server that a pipeline wants: a mistake is refused by its field."""

from __future__ import annotations

from typing import Any

import pytest

from ecluse.definition.front_server import Acme, Certificate, FrontServer, TlsProxy
from ecluse.deploy.targets.server.fronts import front_problems


def refused(url: str = "https://shop.example", ports: tuple[int, ...] = (80, 443), **fields: Any) -> list[str]:
    front = FrontServer(**{"names": ("shop.example",), "tls": Acme(), **fields})
    return [field for field, _ in front_problems(front, url, ports)]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"names": ("shop.example", "www.shop.example")},
        {"url": "https://shop.example:443/"},
        {"tls": Acme(email="me@shop.example", directory="https://localhost:14000/dir")},
        {"tls": Certificate(chain="/etc/ssl/shop.pem", key="/etc/ssl/shop.key")},
        {"tls": TlsProxy(addresses=("10.0.0.5", "fd00::/8")), "ports": (80,)},
        {"admin": "/fr/admin/", "admin_from": ("192.0.2.7", "192.0.2.0/24")},
    ],
)
def test_front_that_can_be_true_is_accepted(fields: dict[str, Any]) -> None:
    assert refused(**fields) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"names": ()}, "names"),
        ({"names": ("shop.example", "shop.example")}, "names"),
        ({"names": ("shop.example", "Shop.example")}, "names"),
        ({"names": ("shop.example", "10.0.0.1")}, "names"),
        ({"names": ("shop.example", "shop.example; return 200")}, "names"),
        ({"names": ("www.shop.example",)}, "names"),
        ({"url": "http://shop.example"}, "tls"),
        ({"url": "https://shop.example:8443"}, "tls"),
        ({"ports": (80,)}, "tls"),
        ({"tls": Acme(email="--email")}, "tls.email"),
        ({"tls": Acme(directory="http://localhost/dir")}, "tls.directory"),
        ({"tls": Certificate(chain="shop.pem", key="/etc/ssl/shop.key")}, "tls.chain"),
        ({"tls": Certificate(chain="/etc/ssl/shop.pem", key="/etc/ssl/a b")}, "tls.key"),
        ({"tls": TlsProxy(addresses=())}, "tls.addresses"),
        ({"tls": TlsProxy(addresses=("proxy.example",))}, "tls.addresses"),
        ({"upload_megabytes": 0}, "upload_megabytes"),
        ({"hsts_seconds": -1}, "hsts_seconds"),
        ({"admin": "admin/"}, "admin"),
        ({"admin_from": ("192.0.2.7/24",)}, "admin_from"),
    ],
)
def test_front_that_cannot_be_true_is_refused(fields: dict[str, Any], field: str) -> None:
    assert refused(**fields) == [field]
