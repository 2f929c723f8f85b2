from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.parametrize("address", ["/api/motos/motorcycles/", "/api/weather/places/", "/api/weather/places/1/"])
def test_unknown_method_is_405_for_everybody(client: Client, address: str) -> None:
    assert client.generic("QUERY", address).status_code == 405
