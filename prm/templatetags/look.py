"""Icons, initials, hues and the class words of the design."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from prm.web.marks import MARKUP, TONE_ICONS, hue_of, initials_of

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of prm/web/marks.py; an unknown name raises KeyError in tests as in production."""
    return SafeString(MARKUP[name])


@register.simple_tag
def tone_icon(tone: str) -> SafeString:
    """Draw the icon that goes with a tone: ok, warn, bad, info, accent."""
    return SafeString(MARKUP[TONE_ICONS.get(tone, "info")])


@register.filter
def initials(name: str) -> str:
    """Return up to two initials: "Aoife Brennan" is AB, "Velden" is VE."""
    return initials_of(str(name))


@register.filter
def hue(identity: Any) -> int:
    """Return the colour number of a row, id mod 8; texts by their checksum."""
    return hue_of(identity)


@register.filter
def stage_pips(step: int, total: int) -> list[bool]:
    """Return one lit or unlit pip a stage."""
    return [position < int(step) for position in range(int(total))]


@register.filter
def level_tone(level: str) -> str:
    """Return the tone of a django.contrib.messages level."""
    return {"success": "ok", "warning": "warn", "error": "bad"}.get(level, "info")


@register.filter
def yes(value: Any) -> str:
    """Return "true" or "false" for ARIA attributes."""
    return "true" if value else "false"
