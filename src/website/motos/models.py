"""The motorcycles for sale: brands, their models, motorcycles of a model, pictures of a motorcycle; and what visitors
ask.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from website.indexes import OrdinaryElsewhere
from website.text import plain

__all__ = ["Brand", "Currency", "Enquiry", "Model", "Motorcycle", "MotorcycleQuerySet", "Picture", "Status"]

# Daimler's Reitwagen, the first motorcycle, ran in 1885.
FIRST_YEAR = 1885
LAST_YEAR = 2100
# 10 000 000.00: what costs more is a mistake. It fits the column (2 147 483 647), as do the others.
HIGHEST_PRICE = 1_000_000_000
LONGEST_DESCRIPTION = 5000


class TrigramIndex(OrdinaryElsewhere, GinIndex):
    """For LIKE '%word%'."""


class Status(models.TextChoices):
    AVAILABLE = "available", _("disponible")
    RESERVED = "reserved", _("réservée")
    SOLD = "sold", _("vendue")


class Currency(models.TextChoices):
    EUR = "EUR", _("euro")
    CHF = "CHF", _("franc suisse")
    GBP = "GBP", _("livre sterling")


class Brand(models.Model):
    name = models.CharField(_("nom"), max_length=100, unique=True)
    slug = models.SlugField(_("identifiant"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("marque")
        verbose_name_plural = _("marques")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        Motorcycle.objects.filter(model__brand=self).index()


class Model(models.Model):
    """A model of a brand, under the name that the brand gives it."""

    brand = models.ForeignKey(Brand, verbose_name=_("marque"), on_delete=models.PROTECT, related_name="models")
    name = models.CharField(_("nom"), max_length=100)

    class Meta:
        verbose_name = _("modèle")
        verbose_name_plural = _("modèles")
        ordering = ["brand__name", "name"]
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="motos_model_of_brand")]

    def __str__(self) -> str:
        return f"{self.brand} {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        Motorcycle.objects.filter(model=self).index()


class MotorcycleQuerySet(models.QuerySet["Motorcycle"]):
    def matching(self, text: str) -> MotorcycleQuerySet:
        """The motorcycles with every word of *text* in brand, model, colour or description.

        Shorter than three letters it begins a word there: inside of words the index (of three letters) finds nothing
        shorter.
        """
        found = self
        for word in plain(text).split():
            if len(word) < 3:
                found = found.filter(Q(search__startswith=word) | Q(search__contains=f" {word}"))
            else:
                found = found.filter(search__contains=word)
        return found

    def for_display(self) -> MotorcycleQuerySet:
        """The motorcycles with their brand, model and pictures, in one more query."""
        return self.select_related("model__brand").prefetch_related("pictures")

    def index(self) -> None:
        """Update the search text of these motorcycles, after a change of their brand or model."""
        found = self.select_related("model__brand").only("colour", "description", "model__name", "model__brand__name")
        changed = []
        for motorcycle in found.iterator(chunk_size=1000):
            motorcycle.search = motorcycle.words()
            changed.append(motorcycle)
        Motorcycle.objects.bulk_update(changed, ["search"], batch_size=1000)


class Motorcycle(models.Model):
    model = models.ForeignKey(Model, verbose_name=_("modèle"), on_delete=models.PROTECT, related_name="motorcycles")
    year = models.PositiveSmallIntegerField(
        _("année"), validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)]
    )
    price_cents = models.PositiveIntegerField(
        _("prix en centimes"), validators=[MinValueValidator(1), MaxValueValidator(HIGHEST_PRICE)]
    )
    currency = models.CharField(_("monnaie"), max_length=3, choices=Currency, default=Currency.EUR)
    mileage_km = models.PositiveIntegerField(_("kilométrage"), validators=[MaxValueValidator(2_000_000)])
    engine_cc = models.PositiveSmallIntegerField(
        _("cylindrée en cm³"), validators=[MaxValueValidator(10_000)], help_text=_("0 pour une moto électrique.")
    )
    power_kw = models.PositiveSmallIntegerField(
        _("puissance en kW"), validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    colour = models.CharField(_("couleur"), max_length=50)
    description = models.TextField(_("description"), max_length=LONGEST_DESCRIPTION, blank=True)
    status = models.CharField(_("état"), max_length=9, choices=Status, default=Status.AVAILABLE)
    created_at = models.DateTimeField(_("ajoutée le"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("modifiée le"), auto_now=True)
    # What it is found by: the words of brand, model, colour and description, as plain() makes them.
    search = models.TextField(editable=False, default="")

    objects = MotorcycleQuerySet.as_manager()

    class Meta:
        verbose_name = _("moto")
        verbose_name_plural = _("motos")
        ordering = ["-created_at", "-pk"]
        # One for each order of the list (read in both directions), which the key completes; one for text.
        indexes = [
            models.Index(fields=["created_at", "id"], name="motos_by_age"),
            models.Index(fields=["price_cents", "id"], name="motos_by_price"),
            models.Index(fields=["year", "id"], name="motos_by_year"),
            models.Index(fields=["mileage_km", "id"], name="motos_by_mileage"),
            models.Index(fields=["model", "created_at", "id"], name="motos_by_model"),
            TrigramIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="motos_by_text"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(price_cents__gte=1), name="motos_has_price"),
            models.CheckConstraint(condition=Q(year__gte=FIRST_YEAR, year__lte=LAST_YEAR), name="motos_of_a_year"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="motos_status"),
            models.CheckConstraint(condition=Q(currency__in=Currency.values), name="motos_currency"),
        ]

    def __str__(self) -> str:
        return f"{self.model} ({self.year})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search = self.words()
        super().save(*args, **kwargs)

    @property
    def price(self) -> Decimal:
        """The price in whole units of its currency."""
        return Decimal(self.price_cents) / 100

    @property
    def first_picture(self) -> Picture | None:
        """The picture that lists show, from those that were fetched with the motorcycle: first() would ask again."""
        return next(iter(self.pictures.all()), None)

    def words(self) -> str:
        """The words by which the motorcycle is found."""
        parts = (self.model.brand.name, self.model.name, self.colour, self.description)
        return " ".join(plain(" ".join(parts)).split())


class Picture(models.Model):
    """A picture, and a smaller one of it for lists. Made from an upload by website.motos.pictures, never by hand."""

    motorcycle = models.ForeignKey(
        Motorcycle, verbose_name=_("moto"), on_delete=models.CASCADE, related_name="pictures"
    )
    image = models.ImageField(_("image"), editable=False)
    thumbnail = models.ImageField(_("vignette"), editable=False)
    width = models.PositiveSmallIntegerField(editable=False)
    height = models.PositiveSmallIntegerField(editable=False)
    alternative_text = models.CharField(
        _("texte de remplacement"), max_length=200, help_text=_("Ce que l’image montre, pour qui ne la voit pas.")
    )
    # 0 for the first, which lists show.
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["position", "pk"]
        indexes = [models.Index(fields=["motorcycle", "position", "id"], name="motos_pictures_in_order")]

    def __str__(self) -> str:
        return self.alternative_text


class Enquiry(models.Model):
    """A visitor's question about a motorcycle."""

    motorcycle = models.ForeignKey(
        Motorcycle, verbose_name=_("moto"), on_delete=models.CASCADE, related_name="enquiries"
    )
    name = models.CharField(_("nom"), max_length=100)
    email = models.EmailField(_("adresse e-mail"))
    phone = models.CharField(
        _("téléphone"), max_length=20, blank=True, validators=[RegexValidator(r"^\+?[0-9 ().-]{6,19}$")]
    )
    message = models.TextField(_("message"), max_length=2000)
    created_at = models.DateTimeField(_("reçue le"), default=timezone.now, editable=False)
    answered = models.BooleanField(_("répondu"), default=False)
    # Who sends too many. A keyed digest of the address: the address itself is nobody's business.
    sender = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = _("demande")
        verbose_name_plural = _("demandes")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["sender", "created_at"], name="motos_enquiries_of_sender")]

    def __str__(self) -> str:
        return f"{self.motorcycle} — {self.name}"
