from django.apps import AppConfig


class APIConfig(AppConfig):
    name = "website.api"
    label = "api"
