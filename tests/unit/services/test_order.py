import pytest

from ecluse.definition.model import Service
from ecluse.errors import ServiceError
from ecluse.services.order import order_of, parse

POSTGRES = Service(name="postgres", kind="postgres", version="18")


def test_names_are_taken_in_the_order_they_are_written() -> None:
    assert parse(" container, Embedded,container", where="--postgres") == ("container", "embedded")


@pytest.mark.parametrize("text", ["docker", "embedded,docker", ","])
def test_unknown_source_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ServiceError) as raised:
        parse(text, where="--postgres")
    assert str(raised.value).startswith("--postgres: ")
    assert "given, embedded, container" in str(raised.value.hint)


def test_the_environment_overrides_the_pipeline() -> None:
    assert order_of(POSTGRES, {}) == ("given", "embedded", "container")
    assert order_of(POSTGRES, {"ECLUSE_POSTGRES": "container"}) == ("container",)


def test_postgres_variable_does_not_affect_other_services() -> None:
    redis = Service(name="cache", kind="redis", version="8", sources=("given",))
    assert order_of(redis, {"ECLUSE_POSTGRES": "container"}) == ("given",)
