"""Drawings of skies. Decoration: the words always stand beside them."""

from __future__ import annotations

from django import template
from django.template.defaultfilters import floatformat
from django.utils.safestring import SafeString, mark_safe

from website.weather.sky import sky

__all__ = ["degrees", "drawing", "words"]

register = template.Library()

SUN = (
    '<circle class="sky-sun" cx="24" cy="24" r="10"/>'
    '<path class="sky-rays" d="M24 5v5m0 28v5M5 24h5m28 0h5M10.6 10.6l3.5 3.5m19.8 19.8 3.5 3.5m0-26.8-3.5 3.5'
    'M14.1 33.9l-3.5 3.5"/>'
)
SMALL_SUN = '<circle class="sky-sun" cx="31" cy="17" r="9"/>'
CLOUD = '<path class="sky-cloud" d="M15 36a8 8 0 0 1-.6-16A11 11 0 0 1 35.4 22.5 7 7 0 0 1 35 36z"/>'
HIGH_CLOUD = '<path class="sky-cloud" d="M15 30a8 8 0 0 1-.6-16A11 11 0 0 1 35.4 16.5 7 7 0 0 1 35 30z"/>'
DRAWINGS = {
    "clear": SUN,
    "partly": SMALL_SUN + CLOUD,
    "cloudy": CLOUD,
    "fog": HIGH_CLOUD + '<path class="sky-line" d="M10 36h28M14 42h20"/>',
    "rain": HIGH_CLOUD + '<path class="sky-drop" d="m17 34-3 7m11-7-3 7m11-7-3 7"/>',
    "snow": HIGH_CLOUD + '<path class="sky-flake" d="M15 37h.01M24 41h.01M33 37h.01"/>',
    "storm": HIGH_CLOUD + '<path class="sky-bolt" d="m25 31-6 8h5l-3 7 8-9h-5l4-6z"/>',
}


@register.simple_tag
def drawing(code: int) -> SafeString:
    """The drawing for WMO's *code*, as an element."""
    shapes = DRAWINGS[sky(code).drawing]
    # Made of the constants above alone.
    return mark_safe(f'<svg class="sky" viewBox="0 0 48 48" aria-hidden="true" focusable="false">{shapes}</svg>')


@register.filter
def degrees(temperature: float, digits: str = "0") -> str:
    """A temperature as it is printed, with a minus sign and a space that does not break: −2 °C."""
    return f"{floatformat(temperature, digits)}\u00a0°C".replace("-", "−")


@register.filter
def words(code: int) -> str:
    """The meaning of WMO's *code*, in the language of the page."""
    return str(sky(code).words)
