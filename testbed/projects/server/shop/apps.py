"""The application's one system check, which a release can fail."""

from django.apps import AppConfig
from django.core.checks import Error, register
from shop import behaviour


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        register(lambda app_configs, **kwargs: [] if behaviour.CHECKS else [Error("does not add up", id="shop.E001")])
