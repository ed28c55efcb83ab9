"""When money is expected and what it waits for: pure, from days and reasons."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from commissions.payouts.rules import next_bank_day, next_run_day

HOLD, REVIEW, READY, UNDER_WAY, DISPUTED = "hold", "review", "ready", "under_way", "disputed"


@dataclass(frozen=True)
class Clock:
    """When runs are prepared; an empty cadence means by hand. us: whether days of US banks count."""

    cadence: str = ""
    run_day: int = 1
    us: bool = False


@dataclass(frozen=True)
class Expected:
    """One amount that will be paid, in minor units.

    on: the day it is expected at the bank, or, while runs are prepared by hand, the day it is ready; None when what
    it waits for has no day. key: tells it apart for ever. blocker: one of the five above or an exclusion's reason.
    until: the end of a hold or of a cooling-off. missing_minor: what is missing to the smallest payout.
    """

    key: str
    currency: str
    amount_minor: int
    blocker: str
    on: date | None = None
    is_ready_day: bool = False
    until: date | None = None
    missing_minor: int = 0
    accrual_id: int | None = None
    names: tuple[str, ...] = field(default_factory=tuple)


def pay_day(ready_on: date, *, today: date, clock: Clock) -> date | None:
    """Return the bank's day for what is ready on a day; None when runs are prepared by hand.

    Today's run may be prepared already: what is ready today counts for it only when it is still ahead.
    """
    run = next_run_day(max(ready_on, today), cadence=clock.cadence, run_day=clock.run_day)
    return next_bank_day(run, us=clock.us) if run else None


def expected_on(ready_on: date, *, today: date, clock: Clock) -> tuple[date, bool]:
    """Return the day to show for what is ready on a day, and whether it is only the day it is ready."""
    paid = pay_day(ready_on, today=today, clock=clock)
    return (paid, False) if paid else (max(ready_on, today), True)


def weeks_of(month: date) -> list[list[date]]:
    """Return the weeks of a month from Monday to Sunday, with the days of its neighbours that fill them."""
    first = month.replace(day=1)
    start = first - timedelta(days=first.weekday())
    weeks = []
    while start.month == first.month or start <= first:
        weeks.append([start + timedelta(days=day) for day in range(7)])
        start += timedelta(days=7)
    return weeks


def month_after(month: date, count: int = 1) -> date:
    """Return the first day of the month so many after this one; below zero: before it."""
    place = month.year * 12 + month.month - 1 + count
    return date(place // 12, place % 12 + 1, 1)


def totals_by_currency(rows: Iterable[Expected]) -> dict[str, int]:
    """Add up amounts; never across currencies."""
    totals: dict[str, int] = {}
    for row in rows:
        totals[row.currency] = totals.get(row.currency, 0) + row.amount_minor
    return dict(sorted(totals.items()))
