from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.parametrize("address", ["/api/motos/motorcycles/", "/api/weather/places/", "/api/weather/places/1/"])
def test_a_method_that_there_is_not_is_refused_as_that_whoever_asks(client: Client, address: str) -> None:
    assert client.generic("QUERY", address).status_code == 405
