from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "website.health"
    label = "health"
