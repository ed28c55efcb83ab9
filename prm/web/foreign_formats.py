"""Dates and amounts as foreign files write them: which form a column uses, and what a value then means."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from prm.money import currency_exponent
from prm.web.forms import LARGEST_MINOR

# How a file may order its dates; a year of four digits in front is always understood.
DATE_ORDERS = ("dmy", "mdy", "ymd")
DECIMAL_MARKS = (".", ",")
# Two-digit years up to this one are of this century, as POSIX reads them.
YEAR_PIVOT = 68
# A day without a clock is kept as its noon, so that no zone moves it to another day.
NOON = time(12)
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?"
)
_PARTS = re.compile(
    r"(\d{1,4})[-/. ]+(\d{1,2}|[^\W\d]{3,9})[-/., ]+(\d{1,4})(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_WORD_FIRST = re.compile(r"([^\W\d]{3,9})[-/. ]+(\d{1,2})[-/., ]+(\d{2,4})")
_MONTHS = {
    word: number
    for words in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "january february march april may june july august september october november december",
        "gen feb mar apr mag giu lug ago set ott nov dic",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    )
    for number, word in enumerate(words.split(), start=1)
}
_SIGNS = re.compile(r"[\s\u00a0\u202f'’]|[A-Z]{3}|[€$£¥]", re.IGNORECASE)
_EARLIEST, _LATEST = 1970, 2100


class NotADate(ValueError):
    """The text is no day in the form the file is said to use."""


# Python refuses to read numbers of some thousand digits; no amount has so many.
MOST_DIGITS = 30


class NotANumber(ValueError):
    """The text is no amount in the form the file is said to use."""


class TooPrecise(ValueError):
    """The amount has more decimals than its currency."""


def read_moment(text: str, order: str, zone: ZoneInfo) -> datetime:
    """Return the moment of a written day, its noon when no clock is given, in the zone unless it names its own.

    order: dmy, mdy or ymd for dates that do not start with a year of four digits. Raises NotADate.
    """
    plain = text.strip()
    try:
        if found := _ISO.fullmatch(plain):
            year, month, day = (int(part) for part in found.group(1, 2, 3))
            offset = found[7]
            if offset and found[4]:
                return datetime.fromisoformat(
                    f"{year:04d}-{month:02d}-{day:02d}T{int(found[4]):02d}:{found[5]}:{found[6] or '00'}{offset}"
                )
            return _moment(date(year, month, day), found.group(4, 5, 6), zone)
        if found := _PARTS.fullmatch(plain):
            return _moment(_day(found.group(1, 2, 3), order), found.group(4, 5, 6), zone)
        if found := _WORD_FIRST.fullmatch(plain):
            return _moment(_day((found[2], found[1], found[3]), "dmy"), (None, None, None), zone)
    except ValueError as error:
        raise NotADate(text) from error
    raise NotADate(text)


def _moment(day: date, clock: Sequence[str | None], zone: ZoneInfo) -> datetime:
    if not _EARLIEST <= day.year <= _LATEST:
        raise NotADate(day.isoformat())
    at = (
        time(int(clock[0]), int(clock[1] or 0), int(clock[2] or 0))
        if clock[0] is not None
        else NOON
    )
    return datetime.combine(day, at, tzinfo=zone)


def _day(parts: Sequence[str], order: str) -> date:
    first, middle, last = parts
    if not middle.isdigit():
        month = _MONTHS.get(middle.lower())
        if month is None:
            raise NotADate(middle)
        year, day = (first, last) if len(first) == 4 else (last, first)
        return date(_year(year), month, int(day))
    placed = (
        dict(zip(order, parts, strict=True))
        if len(first) < 4
        else dict(zip("ymd", parts, strict=True))
    )
    if len(placed["d"]) > 2 or len(placed["m"]) > 2:
        raise NotADate(" ".join(parts))
    return date(_year(placed["y"]), int(placed["m"]), int(placed["d"]))


def _year(text: str) -> int:
    if len(text) == 4:
        return int(text)
    if len(text) != 2:
        raise NotADate(text)
    return int(text) + (2000 if int(text) <= YEAR_PIVOT else 1900)


def read_minor(text: str, decimal: str, currency: str) -> int:
    """Return an amount in minor units; grouping signs, spaces, currency signs and (1.00) for -1.00 are understood.

    decimal: "." or ",". Raises NotANumber, TooPrecise.
    """
    plain = _SIGNS.sub("", text.strip())
    negative = plain.startswith(("-", "−", "(")) or plain.endswith("-")
    plain = plain.strip("-−+()")
    group = "," if decimal == "." else "."
    whole, _, part = plain.partition(decimal)
    if group in whole:
        first, *others = whole.split(group)
        if not 1 <= len(first) <= 3 or any(len(piece) != 3 for piece in others):
            raise NotANumber(text)
        whole = whole.replace(group, "")
    if not (whole + part).isdecimal() or not (whole + part).isascii() or len(whole) > MOST_DIGITS:
        raise NotANumber(text)
    digits = currency_exponent(currency)
    if len(part.rstrip("0")) > digits:
        raise TooPrecise(text)
    minor = int(whole or "0") * 10**digits + int((part + "0" * digits)[:digits] or "0")
    if minor >= LARGEST_MINOR:
        raise NotANumber(text)
    return int(-minor if negative else minor)


@dataclass(frozen=True)
class DateGuess:
    """How a column's dates are ordered. sure: no other order fits as many. misread: values this order cannot read."""

    order: str
    sure: bool
    misread: int
    example: str
    meaning: date | None


def guess_dates(values: Iterable[str], today: date) -> DateGuess:
    """Return the order that reads most of the values as days up to today; day first when several orders do.

    Empty values do not count. The example is the first value that shows the order best: its day is above 12.
    """
    given = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    zone = ZoneInfo("UTC")
    misread = {
        order: sum(1 for value in given if not _reads(value, order, zone, today))
        for order in DATE_ORDERS
    }
    order = min(DATE_ORDERS, key=lambda name: (misread[name], DATE_ORDERS.index(name)))
    others = [name for name in DATE_ORDERS if name != order and misread[name] == misread[order]]
    # Two orders that agree on every value leave nothing to ask.
    readable = [value for value in given if _reads(value, order, zone, today)]
    sure = not any(
        read_moment(value, order, zone) != read_moment(value, name, zone)
        for name in others
        for value in readable
    )
    example = next(
        (value for value in readable if read_moment(value, order, zone).day > 12),
        readable[0] if readable else "",
    )
    return DateGuess(
        order,
        sure,
        misread[order],
        example,
        read_moment(example, order, zone).date() if example else None,
    )


def _reads(value: str, order: str, zone: ZoneInfo, today: date) -> bool:
    try:
        return read_moment(value, order, zone).date() <= today
    except NotADate:
        return False


@dataclass(frozen=True)
class NumberGuess:
    """Which sign stands before a column's decimals. misread: values that cannot be read so."""

    decimal: str
    sure: bool
    misread: int
    example: str
    meaning_minor: int | None


def guess_numbers(values: Iterable[str], currency: str) -> NumberGuess:
    """Return the decimal mark that reads most of the values; the point when both do."""
    given = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    read = {
        mark: [_minor_or_none(value, mark, currency) for value in given] for mark in DECIMAL_MARKS
    }
    misread = {mark: sum(1 for minor in minors if minor is None) for mark, minors in read.items()}
    mark = min(DECIMAL_MARKS, key=lambda name: (misread[name], DECIMAL_MARKS.index(name)))
    other = "," if mark == "." else "."
    sure = misread[other] > misread[mark] or read[mark] == read[other]
    marked = next(
        (
            index
            for index, value in enumerate(given)
            if mark in value and read[mark][index] is not None
        ),
        None,
    )
    shown = (
        marked
        if marked is not None
        else next((index for index, minor in enumerate(read[mark]) if minor), None)
    )
    if shown is None:
        return NumberGuess(mark, sure, misread[mark], "", None)
    return NumberGuess(mark, sure, misread[mark], given[shown], read[mark][shown])


def _minor_or_none(value: str, mark: str, currency: str) -> int | None:
    try:
        return read_minor(value, mark, currency)
    except (NotANumber, TooPrecise):
        return None
