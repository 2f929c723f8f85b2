from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MotosConfig(AppConfig):
    name = "website.motos"
    label = "motos"
    verbose_name = _("motos")

    def ready(self) -> None:
        from website.motos import pictures

        pictures.delete_files_with_rows()
