"""The shop's data. An album exists once, on vinyl: it can be booked once."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from website.text import Plain, plain

__all__ = ["Album", "AlbumQuerySet", "Artist", "Booking", "Contact", "ORDERS"]

# The orders of a list, by their name in the address. The key decides between equal ones: no page shows one twice.
ORDERS: dict[str, tuple[Combinable | str, ...]] = {
    "newest": ("-created_at", "-pk"),
    "title": (Plain("title"), "pk"),
    "cheapest": (F("price").asc(nulls_last=True), "pk"),
    "dearest": (F("price").desc(nulls_last=True), "pk"),
}


class Artist(models.Model):
    name = models.CharField(_("nom"), max_length=200, unique=True)

    class Meta:
        verbose_name = _("artiste")
        verbose_name_plural = _("artistes")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AlbumQuerySet(models.QuerySet["Album"]):
    def available(self) -> AlbumQuerySet:
        """The albums that can be booked."""
        return self.filter(available=True)

    def matching(self, query: str) -> AlbumQuerySet:
        """The albums with every word of *query* in title, reference or an artist's name, as plain() sees them."""
        found = self.alias(plain_title=Plain("title"))
        for word in plain(query).split():
            # Exists and no join: an album with two artists that match is still one album.
            artists = Artist.objects.alias(plain_name=Plain("name"))
            by_artist = Exists(artists.filter(albums=OuterRef("pk"), plain_name__contains=word))
            found = found.filter(Q(plain_title__contains=word) | Q(reference__icontains=word) | by_artist)
        return found

    def sorted_by(self, order: str) -> AlbumQuerySet:
        """The albums in the order *order*, a key of ORDERS; newest first for any other text."""
        return self.order_by(*ORDERS.get(order, ORDERS["newest"]))

    def for_display(self) -> AlbumQuerySet:
        """The albums with their artists, in one more query."""
        return self.prefetch_related("artists")


class Album(models.Model):
    title = models.CharField(_("titre"), max_length=200)
    reference = models.CharField(_("référence"), max_length=20, unique=True)
    artists = models.ManyToManyField(Artist, verbose_name=_("artistes"), related_name="albums")
    picture = models.ImageField(
        _("pochette"), upload_to="albums/", blank=True, help_text=_("Sans image, une pochette est dessinée.")
    )
    # Made with the picture by website.store.sleeves. The database has the default too: the release before does not know
    # the column.
    thumbnail = models.ImageField(_("vignette"), blank=True, editable=False, default="", db_default="")
    # None: it is asked for at the counter.
    price = models.DecimalField(
        _("prix en euros"),
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    available = models.BooleanField(_("disponible"), default=True)
    created_at = models.DateTimeField(_("ajouté le"), default=timezone.now)

    objects = AlbumQuerySet.as_manager()

    class Meta:
        verbose_name = _("album")
        verbose_name_plural = _("albums")
        # The key decides between albums of the same instant: no page shows one twice, or never.
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="store_album_newest"),
            models.Index(fields=["-created_at", "-id"], name="store_album_available", condition=Q(available=True)),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("store:album", args=[self.pk])

    def clean(self) -> None:
        if self.available and self.pk and Booking.objects.filter(album=self).exists():
            raise ValidationError({"available": _("Cet album est réservé : supprimez d’abord sa réservation.")})


class Contact(models.Model):
    name = models.CharField(_("nom"), max_length=200)
    email = models.EmailField(_("adresse e-mail"))

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="store_contact_email",
                violation_error_message=_("Un contact a déjà cette adresse."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Booking(models.Model):
    # One to one: the database itself refuses a second booking of an album.
    album = models.OneToOneField(Album, verbose_name=_("album"), on_delete=models.CASCADE, related_name="booking")
    contact = models.ForeignKey(Contact, verbose_name=_("contact"), on_delete=models.CASCADE, related_name="bookings")
    contacted = models.BooleanField(_("recontacté"), default=False)
    created_at = models.DateTimeField(_("réservé le"), default=timezone.now)
    confirmed_at = models.DateTimeField(_("confirmé par e-mail le"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("réservation")
        verbose_name_plural = _("réservations")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.album} — {self.contact}"
