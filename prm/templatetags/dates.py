"""Days and moments in templates, in the person's language and the active time zone."""

from datetime import date, datetime

from django import template
from django.utils.safestring import SafeString

from prm.web.formats import clock_text, day_text, moment_text
from prm.web.marks import ago_mark, day_mark, moment_mark, time_mark

register = template.Library()


@register.simple_tag
def day(value: date | datetime | None, form: str = "long") -> SafeString:
    """Show a day: long, medium, short, month or weekday; nothing becomes a dash."""
    return day_mark(value, form)


@register.simple_tag
def moment(value: datetime | None, form: str = "long") -> SafeString:
    """Show day and time: "19 November 2026, 09:12"."""
    return moment_mark(value, form)


@register.simple_tag
def clock(value: datetime) -> SafeString:
    """Show the time of day."""
    return time_mark(value, clock_text(value))


@register.simple_tag
def ago(value: datetime | None, *, inside: bool = False) -> SafeString:
    """Show how long ago it was, up to seven days, with the full moment as title; inside=True after other words."""
    return ago_mark(value, inside=inside)


@register.simple_tag
def day_words(value: date | datetime, form: str = "long") -> str:
    """Show a day without markup, for sentences, mails and attributes."""
    return day_text(value, form)


@register.simple_tag
def moment_words(value: datetime, form: str = "long") -> str:
    """Show day and time without markup."""
    return moment_text(value, form)


@register.filter
def iso_day(text: str, form: str = "long") -> str:
    """Show a day that a notice keeps as ISO text; "" stays empty."""
    return day_text(date.fromisoformat(text), form) if text else ""
