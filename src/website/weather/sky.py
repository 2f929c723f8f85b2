"""The look of the sky, by WMO's codes as Open-Meteo uses them (https://open-meteo.com/en/docs, "WMO Weather
interpretation codes").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

__all__ = ["Sky", "sky"]


@dataclass(frozen=True)
class Sky:
    """The look of the sky: its drawing (templatetags/skies.py), and words."""

    drawing: str
    words: _StrPromise


CODES = {
    0: Sky("clear", _("ciel dégagé")),
    1: Sky("clear", _("plutôt dégagé")),
    2: Sky("partly", _("éclaircies")),
    3: Sky("cloudy", _("couvert")),
    45: Sky("fog", _("brouillard")),
    48: Sky("fog", _("brouillard givrant")),
    51: Sky("rain", _("bruine légère")),
    53: Sky("rain", _("bruine")),
    55: Sky("rain", _("forte bruine")),
    56: Sky("rain", _("bruine verglaçante")),
    57: Sky("rain", _("bruine verglaçante")),
    61: Sky("rain", _("pluie légère")),
    63: Sky("rain", _("pluie")),
    65: Sky("rain", _("forte pluie")),
    66: Sky("rain", _("pluie verglaçante")),
    67: Sky("rain", _("pluie verglaçante")),
    71: Sky("snow", _("neige légère")),
    73: Sky("snow", _("neige")),
    75: Sky("snow", _("forte neige")),
    77: Sky("snow", _("grains de neige")),
    80: Sky("rain", _("averses légères")),
    81: Sky("rain", _("averses")),
    82: Sky("rain", _("fortes averses")),
    85: Sky("snow", _("averses de neige")),
    86: Sky("snow", _("fortes averses de neige")),
    95: Sky("storm", _("orage")),
    96: Sky("storm", _("orage de grêle")),
    99: Sky("storm", _("orage de grêle")),
}
UNKNOWN = Sky("cloudy", _("temps indéterminé"))


def sky(code: int) -> Sky:
    """The meaning of *code*; "nothing is known" for a code that Open-Meteo does not use."""
    return CODES.get(code, UNKNOWN)
