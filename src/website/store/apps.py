from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoreConfig(AppConfig):
    name = "website.store"
    label = "store"
    verbose_name = _("boutique")

    def ready(self) -> None:
        from website.store import booking, sleeves

        booking.free_albums_with_bookings()
        sleeves.delete_files_with_rows()
