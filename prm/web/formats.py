"""Amounts, numbers and dates as a person of a language reads them; Babel knows the patterns, here is the house rule."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_time, format_timedelta, get_timezone_name
from babel.numbers import (
    format_compact_currency,
    format_decimal,
    format_percent,
    get_currency_symbol,
)
from django.utils import timezone
from django.utils.translation import get_language, gettext

from prm.money import currency_exponent

MINUS = "\u2212"
SPACE = "\u00a0"
# English without a country is British here: day before month, 24 hours (DESIGN.md, section 6).
_LOCALES = {"en": "en_GB"}
# Babel names the country of a dollar outside America; one currency a page makes the bare sign enough.
_SIGNS = {"USD": "$", "JPY": "¥"}
_DAY_THEN_WORD = re.compile(r"(?<=[\dº]) (?=[^\W\d])")
_UNGROUPED = re.compile(r"\d{4,}")
_COMPACT_UNIT = re.compile(r"(?<=\d)[KM]\b")


@lru_cache(maxsize=32)
def _parsed(language: str) -> Locale:
    try:
        return Locale.parse(_LOCALES.get(language, language).replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB")


def locale_of(language: str | None = None) -> Locale:
    """Return the Babel locale of a language code, of the active one when none is given."""
    return _parsed(language or get_language() or "en")


@dataclass(frozen=True)
class _Pattern:
    prefix: str
    suffix: str
    group: str
    point: str
    digits: int


@lru_cache(maxsize=512)
def _money_pattern(language: str, currency: str, *, sign: str) -> _Pattern:
    locale = _parsed(language)
    pattern = locale.currency_formats["standard"]
    before, after = pattern.prefix[0], pattern.suffix[0]
    if sign == "code":
        # A letter code never touches the digits.
        before, after = before.replace("¤", currency + SPACE), after.replace("¤", currency)
        after = after if not after or after[0] in (SPACE, "\u202f") else SPACE + after
    else:
        shown = (
            "" if sign == "none" else _SIGNS.get(currency) or get_currency_symbol(currency, locale)
        )
        before, after = before.replace("¤", shown), after.replace("¤", shown)
        if sign == "none":
            before, after = before.strip(), after.strip()
        elif shown[-1:].isalpha() and before.endswith(shown):
            before += SPACE
    symbols = locale.number_symbols["latn"]
    return _Pattern(
        before, after, symbols["group"], symbols["decimal"], currency_exponent(currency)
    )


def _grouped(whole: int, group: str) -> str:
    return f"{whole:,}".replace(",", group)


def money_text(
    minor: int,
    currency: str,
    *,
    language: str | None = None,
    sign: str = "symbol",
    plus: bool = False,
) -> str:
    """Return an amount for reading: "€4,210.00", "−310,00 €".

    minor: minor units. sign: "symbol", "code" (EUR 4,210.00) or "none". plus: show + before a positive amount.
    """
    pattern = _money_pattern(language or get_language() or "en", currency, sign=sign)
    amount = abs(minor)
    if pattern.digits:
        whole, part = divmod(amount, 10**pattern.digits)
        number = f"{_grouped(whole, pattern.group)}{pattern.point}{part:0{pattern.digits}d}"
    else:
        number = _grouped(amount, pattern.group)
    lead = MINUS if minor < 0 else "+" if plus and minor > 0 else ""
    return f"{lead}{pattern.prefix}{number}{pattern.suffix}"


def money_plain(minor: int, currency: str) -> str:
    """Return an amount for machines: "-310.00", with a point and no grouping."""
    digits = currency_exponent(currency)
    whole, part = divmod(abs(minor), 10**digits)
    lead = "-" if minor < 0 else ""
    return f"{lead}{whole}.{part:0{digits}d}" if digits else f"{lead}{whole}"


def money_compact(minor: int, currency: str, *, language: str | None = None) -> str:
    """Return a short amount for axes and tiles: "€1.67m", "1,67 Mln €"."""
    locale = locale_of(language)
    value = Decimal(minor).scaleb(-currency_exponent(currency))
    fraction = 2 if abs(value) >= 1_000_000 else 1
    text = format_compact_currency(
        value, currency, format_type="short", locale=locale, fraction_digits=fraction
    )
    symbol = get_currency_symbol(currency, locale)
    if currency in _SIGNS:
        text = text.replace(symbol, _SIGNS[currency])
    group = locale.number_symbols["latn"]["group"]
    text = _UNGROUPED.sub(lambda found: _grouped(int(found[0]), group), text)
    # "€3.0k" reads as a precision that is not there.
    point = re.escape(locale.number_symbols["latn"]["decimal"])
    text = re.sub(
        rf"{point}(\d*?)0+(?!\d)", lambda found: found[0][0] + found[1] if found[1] else "", text
    )
    if locale.language == "en" and locale.territory != "US":
        text = _COMPACT_UNIT.sub(lambda found: found[0].lower(), text)
    return text.replace("-", MINUS)


def number_text(value: float | Decimal, *, language: str | None = None) -> str:
    """Return a number with the language's grouping: "1,204"."""
    return format_decimal(value, locale=locale_of(language)).replace("-", MINUS)


def percent_text(fraction: float | Decimal, *, digits: int = 0, language: str | None = None) -> str:
    """Return a fraction as a percentage: 0.15 is "15%"; at most `digits` decimals, none when they are zero."""
    pattern = "#,##0%" if digits == 0 else "#,##0." + "#" * digits + "%"
    return format_percent(Decimal(str(fraction)), pattern, locale=locale_of(language)).replace(
        "-", MINUS
    )


def _tied(text: str) -> str:
    """Keep day and month on one line: no-break space between the first number and its word."""
    return _DAY_THEN_WORD.sub(SPACE, text, count=1)


_DAYS = {
    "en": {
        "long": "d MMMM y",
        "medium": "d MMM y",
        "short": "d MMM",
        "month": "MMMM y",
        "mon": "LLL",
        "weekday": "EEE d MMM",
    },
    "en_US": {
        "long": "MMMM d, y",
        "medium": "MMM d, y",
        "short": "MMM d",
        "month": "MMMM y",
        "mon": "LLL",
        "weekday": "EEE, MMM d",
    },
    "it": {
        "long": "d MMMM y",
        "medium": "d MMM y",
        "short": "d MMM",
        "month": "MMMM y",
        "mon": "LLL",
        "weekday": "EEE d MMM",
    },
}


def _day_pattern(locale: Locale, form: str) -> str:
    patterns = _DAYS.get(str(locale)) or _DAYS.get(locale.language)
    if patterns:
        return patterns[form]
    return {"short": "medium", "month": "MMMM y", "mon": "LLL", "weekday": "full"}.get(form, form)


def local_moment(value: datetime) -> datetime:
    """Return a moment in the active zone; one that is there already, or has no zone, as it is."""
    zone = timezone.get_current_timezone()
    return value if value.tzinfo is zone or value.tzinfo is None else value.astimezone(zone)


@lru_cache(maxsize=4096)
def _day(day: date, form: str, language: str) -> str:
    locale = _parsed(language)
    text = format_date(day, _day_pattern(locale, form), locale=locale)
    # British Babel writes "Sept" beside three-letter months.
    text = re.sub(r"\bSept\b", "Sep", text)
    # Italian counts the first day of a month and no other: "1º ottobre".
    if locale.language == "it" and day.day == 1 and form not in {"month", "mon"}:
        text = re.sub(r"(?<!\d)1(?= )", "1º", text, count=1)
    return _tied(text)


def day_text(value: date | datetime, form: str = "long", *, language: str | None = None) -> str:
    """Return a day in one of six forms.

    long "19 November 2026", medium "19 Nov 2026", short "19 Nov", weekday "Thu 19 Nov",
    month "November 2026", mon "Nov".
    A moment is first brought to the active time zone.
    """
    day = local_moment(value).date() if isinstance(value, datetime) else value
    return _day(day, form, language or get_language() or "en")


def weekday_text(number: int, *, language: str | None = None) -> str:
    """Return the name of a day of the week, 0 for Monday, as a word on its own: "Monday", "lunedì"."""
    return str(locale_of(language).days["stand-alone"]["wide"][number])


def clock_text(value: datetime, *, language: str | None = None) -> str:
    """Return the time of day in the active zone: "09:12", "9:12 AM", "ore 09:12"."""
    local = local_moment(value)
    return _clock(local.hour, local.minute, language or get_language() or "en")


@lru_cache(maxsize=4096)
def _clock(hour: int, minute: int, language: str) -> str:
    locale = _parsed(language)
    clock = format_time(time(hour, minute), "short", locale=locale)
    return f"ore{SPACE}{clock}" if locale.language == "it" else clock


def moment_text(value: datetime, form: str = "long", *, language: str | None = None) -> str:
    """Return day and time in the active zone: "19 November 2026, 09:12"."""
    return f"{day_text(value, form, language=language)}, {clock_text(value, language=language)}"


def ago_text(
    value: datetime, *, now: datetime, language: str | None = None, inside: bool = False
) -> str:
    """Return how long ago: "2 hours ago" up to seven days, then the day; what lies ahead is always the day.

    inside: it stands inside a sentence ("Sent yesterday"), so words begin with a small letter.
    """
    age = now - value
    then, today = local_moment(value).date(), local_moment(now).date()
    if age < timedelta(0) or age >= timedelta(days=7):
        return day_text(value, "short" if then.year == today.year else "medium", language=language)
    if age < timedelta(minutes=1):
        return _begun(gettext("Just now"), inside=inside)
    if (today - then).days == 1 and age >= timedelta(hours=1):
        return _begun(gettext("Yesterday"), inside=inside)
    granularity: Literal["minute", "hour", "day"] = "minute" if age < timedelta(hours=1) else "hour"
    if age >= timedelta(days=1) and then != today:
        age, granularity = timedelta(days=(today - then).days), "day"
    return format_timedelta(
        -age, granularity, threshold=2, add_direction=True, locale=locale_of(language)
    )


def _begun(words: str, *, inside: bool) -> str:
    # Both are adverbs, which neither English nor Italian writes with a capital.
    return words[:1].lower() + words[1:] if inside else words


def zone_text(name: str, *, language: str | None = None) -> str:
    """Return a time zone in words: "Central European Time"."""
    return get_timezone_name(name, locale=locale_of(language))
