"""Time zones by their names, as places have them."""

from __future__ import annotations

import logging
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

__all__ = ["validate", "zone"]

logger = logging.getLogger(__name__)


def validate(name: str) -> None:
    """Raises ValidationError for a *name* that no time zone has."""
    if name not in available_timezones():
        raise ValidationError(_("Ce fuseau horaire n’existe pas : %(name)s."), code="invalid", params={"name": name})


def zone(name: str) -> ZoneInfo:
    """The time zone *name*; UTC where there is none of that name, so that a wrong row takes no page away."""
    try:
        return ZoneInfo(name)
    # A name may be a folder of the system's data, or lead out of it.
    except (KeyError, ValueError, OSError):
        logger.error("There is no time zone %r: times are shown in UTC", name)
        return ZoneInfo("UTC")
