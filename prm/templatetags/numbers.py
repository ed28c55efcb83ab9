"""Numbers in templates."""

from decimal import Decimal

from django import template

from prm.web.formats import number_text, percent_text

register = template.Library()


@register.simple_tag
def percent(fraction: float | Decimal | None, digits: int = 0) -> str:
    """Show a fraction as a percentage: {% percent 0.15 %} is 15%; None is a dash."""
    return "–" if fraction is None else percent_text(fraction, digits=digits)


@register.simple_tag
def number(value: float | Decimal | None) -> str:
    """Show a number with its grouping: 1,204; None is a dash."""
    return "–" if value is None else number_text(value)


@register.simple_tag
def share_of(part: float, whole: float) -> float:
    """Return a part as a percentage of the whole between 0 and 100, for SVG widths; 0 when there is no whole."""
    return round(min(max(part / whole, 0), 1) * 100, 2) if whole else 0
