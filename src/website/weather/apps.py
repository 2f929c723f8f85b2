from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WeatherConfig(AppConfig):
    name = "website.weather"
    label = "weather"
    verbose_name = _("météo")
