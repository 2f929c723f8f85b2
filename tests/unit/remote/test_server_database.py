"""The database of an environment on a provisioned server."""

from dataclasses import replace

from ecluse.definition.model import Environment, Pipeline, Provision
from ecluse.remote.server_database import database_of, url_of

ENVIRONMENT = Environment(
    name="production",
    target="server",
    settings="settings.production",
    url="https://shop.example",
    host="shop.example",
    user="shop",
    provision=Provision(keys=("ssh-ed25519 AAAA",), postgresql=True),
)
PIPELINE = Pipeline(name="the shop", jobs=(), environments=(ENVIRONMENT,))


def test_database_is_named_for_the_environment():
    assert database_of(PIPELINE, ENVIRONMENT) == "the-shop-production"


def test_address_has_the_account_and_no_password():
    address = "postgres://shop@:5432/the-shop-production?host=/var/run/postgresql"
    assert url_of(PIPELINE, ENVIRONMENT) == address


def test_environment_without_postgresql_has_no_address():
    without = replace(ENVIRONMENT, provision=Provision(keys=("ssh-ed25519 AAAA",)))
    assert url_of(PIPELINE, without) is None and url_of(PIPELINE, replace(ENVIRONMENT, provision=None)) is None
