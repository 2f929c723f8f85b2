"""The data about the weather: places, what was observed there hour by hour and day by day, what is forecast.

Most rows are observations. How they are stored, and why:
docs/decisions/0016-observations-in-one-table-days-in-another.md.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from website.indexes import OrdinaryElsewhere
from website.weather import zones

__all__ = ["DailySummary", "Favourite", "Forecast", "Observation", "Place", "Quarantined"]


class RealField(models.FloatField):  # type: ignore[type-arg]  # Django's takes none when it runs
    """A number in four bytes: more digits than any thermometer has, and half the size in ten million rows."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "real"


class HourIndex(OrdinaryElsewhere, BrinIndex):
    """Finds a stretch of time among rows that come in its order, in a few pages."""


class Place(models.Model):
    """A place on Earth whose weather is fetched."""

    geonames_id = models.PositiveBigIntegerField(_("identifiant GeoNames"), unique=True)
    name = models.CharField(_("nom"), max_length=200)
    region = models.CharField(_("région"), max_length=200, blank=True)
    country = models.CharField(_("pays"), max_length=200, blank=True)
    latitude = models.FloatField(validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(validators=[MinValueValidator(-180), MaxValueValidator(180)])
    timezone = models.CharField(_("fuseau horaire"), max_length=64, validators=[zones.validate])
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("ajouté par"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    # When weather of the upstream was last stored: what caches and ETags go by.
    fetched_at = models.DateTimeField(_("relevé le"), null=True, blank=True, editable=False)
    # Why the last attempt failed; empty when it did not.
    failure = models.CharField(_("échec"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = _("lieu")
        verbose_name_plural = _("lieux")
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["name", "id"], name="weather_places_by_name")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("weather:place", args=[self.pk])

    @property
    def surroundings(self) -> str:
        """Region and country, as far as they are known."""
        return ", ".join(part for part in (self.region, self.country) if part)


class Observation(models.Model):
    """The weather of a place in an hour. Its key prevents that a second fetch stores it twice."""

    pk = models.CompositePrimaryKey("place_id", "hour")
    place = models.ForeignKey(Place, on_delete=models.CASCADE, db_index=False, related_name="observations")
    hour = models.DateTimeField()
    temperature = RealField(help_text="°C")
    humidity = models.PositiveSmallIntegerField(help_text="%")
    precipitation = RealField(help_text="mm, in the hour before")
    wind_speed = RealField(help_text="km/h")
    weather_code = models.PositiveSmallIntegerField(help_text="WMO 4677")
    # From the bundled sample, not from an upstream.
    sample = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("relevé")
        verbose_name_plural = _("relevés")
        indexes = [HourIndex(fields=["hour"], name="weather_observations_by_hour", pages_per_range=32)]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M} {self.temperature:.1f} °C"


class DailySummary(models.Model):
    """The weather of a place on a day in its own time zone, computed from the observed hours."""

    pk = models.CompositePrimaryKey("place_id", "day")
    place = models.ForeignKey(Place, on_delete=models.CASCADE, db_index=False, related_name="summaries")
    day = models.DateField()
    temperature_min = RealField()
    temperature_mean = RealField()
    temperature_max = RealField()
    precipitation = RealField()
    wind_speed_max = RealField()
    # The most severe of the day: WMO's codes rise with what they mean.
    weather_code = models.PositiveSmallIntegerField()
    hours = models.PositiveSmallIntegerField(help_text="how many were observed")
    sample = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("résumé du jour")
        verbose_name_plural = _("résumés des jours")

    def __str__(self) -> str:
        return f"{self.day} {self.temperature_min:.0f}–{self.temperature_max:.0f} °C"


class Forecast(models.Model):
    """The forecast of a place. Always read and replaced whole, so it is one row: a list of hours."""

    place = models.OneToOneField(Place, on_delete=models.CASCADE, primary_key=True, related_name="forecast")
    issued_at = models.DateTimeField()
    hours = models.JSONField(
        help_text="objects with hour, temperature, humidity, precipitation, wind_speed, weather_code"
    )
    sample = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("prévision")
        verbose_name_plural = _("prévisions")

    def __str__(self) -> str:
        return f"{self.place_id}, {self.issued_at:%Y-%m-%d %H:%M}"


class Favourite(models.Model):
    """A place that a user wants to see first."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourite_places")
    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="favourites")

    class Meta:
        verbose_name = _("favori")
        verbose_name_plural = _("favoris")
        constraints = [models.UniqueConstraint(fields=["user", "place"], name="weather_favourite_once")]

    def __str__(self) -> str:
        return f"{self.user} ♥ {self.place}"


class Quarantined(models.Model):
    """An answer of the upstream that cannot be believed, kept for whoever looks into it. Nothing of it is stored."""

    place = models.ForeignKey(Place, verbose_name=_("lieu"), on_delete=models.CASCADE, related_name="quarantined")
    received_at = models.DateTimeField(_("reçue le"), default=timezone.now)
    reason = models.CharField(_("raison"), max_length=300)
    excerpt = models.TextField(_("extrait"))

    class Meta:
        verbose_name = _("réponse en quarantaine")
        verbose_name_plural = _("réponses en quarantaine")
        ordering = ["-received_at", "-pk"]
        indexes = [models.Index(fields=["received_at"], name="weather_quarantined_by_age")]

    def __str__(self) -> str:
        return self.reason
