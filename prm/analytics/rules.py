"""Periods that figures are asked for, in the tenant's days."""

from dataclasses import dataclass
from datetime import date, timedelta

PERIODS = ("this-year", "last-12-months", "this-quarter", "this-month", "all")


@dataclass(frozen=True)
class Period:
    """Days [start, end): both in the tenant's zone; `end` is tomorrow for a period that still runs."""

    name: str
    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.end - self.start).days

    @property
    def before_is_a_year_ago(self) -> bool:
        """Whether `previous` is the same days one year before."""
        return self.name in {"this-year", "last-12-months"}

    @property
    def previous(self) -> "Period":
        """The same days one year before; for shorter periods the days just before."""
        if self.before_is_a_year_ago:
            return Period(self.name, _year_before(self.start), _year_before(self.end))
        return Period(self.name, self.start - timedelta(days=self.days), self.start)


def period_named(name: str, today: date) -> Period:
    """Return the period of that name as of today; an unknown name gives this year."""
    end = today + timedelta(days=1)
    if name == "last-12-months":
        return Period(name, _year_before(end), end)
    if name == "this-quarter":
        return Period(name, date(today.year, 3 * ((today.month - 1) // 3) + 1, 1), end)
    if name == "this-month":
        return Period(name, today.replace(day=1), end)
    if name == "all":
        return Period(name, date(1990, 1, 1), end)
    return Period("this-year", date(today.year, 1, 1), end)


def months_of(period: Period, *, most: int = 12) -> list[date]:
    """Return the first days of the period's months, oldest first, the last `most` of them."""
    last = (period.end - timedelta(days=1)).replace(day=1)
    months: list[date] = []
    while len(months) < most and last >= period.start.replace(day=1):
        months.append(last)
        last = (last - timedelta(days=1)).replace(day=1)
    return months[::-1]


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
