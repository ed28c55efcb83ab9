"""What the page of the money calendar shows: a month by weeks, its amounts, what has no day, what the months bring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext

from commissions.calendar.rules import (
    Expected,
    month_after,
    totals_by_currency,
    weeks_of,
)
from commissions.calendar.wording import blocker_words, day_words_of
from commissions.payouts.models import ExclusionReason
from prm.web.formats import day_text, money_compact, money_text
from prm.web.parts import Stat

MONTHS_AHEAD = 3
# A year ahead and no further: holds are not longer.
LAST_MONTH = 12
_URGENT = {
    ExclusionReason.NO_DETAILS,
    ExclusionReason.RETURNED,
    ExclusionReason.OTHER_METHOD,
    ExclusionReason.TAX_FORM,
    ExclusionReason.COOLING,
}


@dataclass(frozen=True)
class Line:
    """One amount of the list; url leads to its calculation where there is one."""

    title: str
    day: str
    words: str
    amount: str
    url: str
    tone: str


@dataclass(frozen=True)
class Cell:
    """One day of the month; amounts in short, full in words for those who do not see the grid."""

    number: int
    words: str
    amounts: list[str]
    is_in_month: bool
    is_today: bool


@dataclass(frozen=True)
class CalendarPage:
    """A month of the money calendar."""

    title: str
    heads: list[tuple[str, str]]
    weeks: list[list[Cell]]
    lines: list[Line]
    undated: list[Line]
    stats: list[Stat]
    earlier: str
    later: str
    is_empty: bool


def month_asked(text: str, today: date) -> date:
    """Return the first day of the month in an address ("2026-12"), this month for anything else."""
    this = today.replace(day=1)
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return this
    return month if this <= month <= month_after(this, LAST_MONTH) else this


@dataclass(frozen=True)
class Place:
    """Whose page it is: its own address, and the name of the address of a reward; empty where there is no such page."""

    url: str
    reward: str = ""


def shown_rewards(rows: Sequence[Expected], month: date) -> list[int]:
    """Return the rewards that the page of a month names."""
    shown = [row.accrual_id for row in rows if not row.on or row.on.replace(day=1) == month]
    return list(filter(None, shown))


def calendar_page(
    rows: Sequence[Expected],
    titles: Mapping[int, str],
    *,
    month: date,
    today: date,
    place: Place,
) -> CalendarPage:
    """Return the page of one month; titles: what rewards are for, by accrual."""
    inside = [row for row in rows if row.on and row.on.replace(day=1) == month]
    base, this = place.url, today.replace(day=1)
    return CalendarPage(
        title=day_text(month, "month"),
        heads=[(str(WEEKDAYS_ABBR[day]), str(WEEKDAYS[day])) for day in range(7)],
        weeks=[[_cell(day, inside, month, today) for day in week] for week in weeks_of(month)],
        lines=[_line(row, titles, place) for row in inside],
        undated=[_line(row, titles, place) for row in rows if row.on is None],
        stats=_stats(rows, this),
        earlier=f"{base}?month={month_after(month, -1):%Y-%m}" if month > this else "",
        later=f"{base}?month={month_after(month):%Y-%m}"
        if month < month_after(this, LAST_MONTH)
        else "",
        is_empty=not rows,
    )


def _cell(day: date, inside: Sequence[Expected], month: date, today: date) -> Cell:
    totals = totals_by_currency(row for row in inside if row.on == day)
    return Cell(
        day.day,
        day_text(day),
        [money_compact(minor, currency) for currency, minor in totals.items()],
        is_in_month=day.month == month.month,
        is_today=day == today,
    )


def _line(row: Expected, titles: Mapping[int, str], place: Place) -> Line:
    url = (
        reverse(place.reward, kwargs={"accrual_id": row.accrual_id})
        if row.accrual_id and place.reward
        else ""
    )
    title = titles.get(row.accrual_id or 0) or gettext("Balance in %(currency)s") % {
        "currency": row.currency
    }
    return Line(
        title=gettext("Payout %(number)s") % {"number": row.names[0]} if row.names else title,
        day=day_words_of(row),
        words=blocker_words(row),
        amount=money_text(row.amount_minor, row.currency),
        url=url,
        tone="warn" if row.blocker in _URGENT else "",
    )


def _stats(rows: Sequence[Expected], this: date) -> list[Stat]:
    """Return what the next months bring, by currency side by side."""
    stats = []
    for ahead in range(MONTHS_AHEAD):
        month = month_after(this, ahead)
        totals = totals_by_currency(
            row for row in rows if row.on and row.on.replace(day=1) == month
        )
        first, *others = [money_text(minor, currency) for currency, minor in totals.items()] or [
            "–"
        ]
        note = gettext("plus %(amounts)s") % {"amounts": ", ".join(others)} if others else ""
        stats.append(Stat(day_text(month, "month"), first, note=note))
    return stats
