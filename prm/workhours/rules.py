"""Business hours: when a promise of so many working minutes is due; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

DAY = 24 * 60
# Start and end of a working day, in minutes after midnight; None on days off, Monday first.
Hours = tuple[tuple[int, int] | None, ...]
USUAL_HOURS: Hours = (*[(9 * 60, 17 * 60)] * 5, None, None)
# A calendar that is closed for longer than this promises nothing.
LONGEST_SEARCH = 800


class NeverOpen(ValueError):
    """The calendar has no working time within two years."""


@dataclass(frozen=True)
class Calendar:
    """A tenant's working time. country, region: whose public holidays are days off; closed: more days off."""

    zone: ZoneInfo
    hours: Hours = USUAL_HOURS
    country: str = ""
    region: str = ""
    closed: frozenset[date] = frozenset()

    def hours_of(self, day: date) -> tuple[datetime, datetime] | None:
        """Return when a day's work starts and ends, aware; None on a day off."""
        hours = self.hours[day.weekday()]
        if (
            hours is None
            or day in self.closed
            or day in holidays_of(self.country, self.region, day.year)
        ):
            return None
        start, end = (self._moment(day, minutes) for minutes in hours)
        return start, end

    def _moment(self, day: date, minutes: int) -> datetime:
        whole, rest = divmod(minutes, DAY)
        clock = time(rest // 60, rest % 60)
        return datetime.combine(day + timedelta(days=whole), clock, tzinfo=self.zone)

    @property
    def day_minutes(self) -> int:
        """The length of its longest working day."""
        return max((end - start for start, end in filter(None, self.hours)), default=8 * 60)


@lru_cache(maxsize=512)
def holidays_of(country: str, region: str, year: int) -> frozenset[date]:
    """Return the public holidays of a country, or of one of its regions, in a year; none for an unknown one."""
    if not country:
        return frozenset()
    try:
        return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))
    except NotImplementedError:
        return frozenset()


@lru_cache(maxsize=1)
def countries_with_holidays() -> dict[str, tuple[str, ...]]:
    """Return the codes of countries whose holidays are known, each with its regions' codes."""
    found: dict[str, list[str]] = holidays.list_supported_countries()
    return {code: tuple(regions) for code, regions in sorted(found.items()) if len(code) == 2}


def due_at(start: datetime, minutes: int, calendar: Calendar) -> datetime:
    """Return the moment at which so many working minutes have passed since an aware moment.

    A promise that starts outside working time starts with the next working day; one that ends with a day's last
    minute is due at that minute. Real minutes count, so a day on which clocks change is as long as it is.
    Raises NeverOpen.
    """
    left = timedelta(minutes=minutes)
    for opens, closes in _stretches(start, calendar):
        begins = max(opens, start.astimezone(UTC))
        if closes - begins >= left:
            return (begins + left).astimezone(calendar.zone)
        left -= max(closes - begins, timedelta(0))
    raise NeverOpen(str(calendar.hours))


def minutes_between(start: datetime, end: datetime, calendar: Calendar) -> int:
    """Return the whole working minutes between two aware moments; 0 when the second is not later."""
    total = timedelta(0)
    for opens, closes in _stretches(start, calendar):
        if opens >= end:
            break
        total += max(
            min(closes, end.astimezone(UTC)) - max(opens, start.astimezone(UTC)), timedelta(0)
        )
    return total // timedelta(minutes=1)


def _stretches(start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """Yield the working time from a moment's day on, in UTC, in which differences are real minutes."""
    day = start.astimezone(calendar.zone).date()
    for number in range(LONGEST_SEARCH):
        hours = calendar.hours_of(day + timedelta(days=number))
        if hours:
            opens, closes = hours
            yield opens.astimezone(UTC), closes.astimezone(UTC)
